//! The Lambda functions of ADIT in one program: four rooms, chosen by the handler's name.
//!
//! `api` answers HTTP, `worker` runs transfers that need no DIMSE, `sweeper` puts right what dead processes left, `events` takes
//! news of objects in watched buckets. Settings, secret and clients are made once per cold start; invocations share them.

mod api;
mod batch;
mod budget;
mod events;
mod sweeper;
#[cfg(test)]
mod testing;
mod worker;

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;

use adit_cloud::Cloud;
use adit_runtime::settings;
use anyhow::{Result, bail};
use aws_lambda_events::sqs::SqsEvent;
use axum::response::Response;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log may not have been started.
            eprintln!("adit-lambda: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let room = settings::lambda_handler();
    if !["api", "worker", "sweeper", "events"].contains(&room.as_str()) {
        bail!("the handler's name {room:?} is none of api, worker, sweeper, events");
    }
    let cloud = Arc::new(adit_cloud::compose(&room).await?);
    adit_http::introduce(&cloud.engine, &cloud.access);
    let served = match room.as_str() {
        "api" => {
            let api = api::Api::new(Arc::clone(&cloud));
            lambda_http::run(service_fn(|request| answer(&api, request))).await
        }
        "worker" => lambda_runtime::run(service_fn(|event| work(&cloud, event))).await,
        "sweeper" => lambda_runtime::run(service_fn(|event| sweep(&cloud, event))).await,
        _ => lambda_runtime::run(service_fn(|event| take_events(&cloud, event))).await,
    };
    served.map_err(anyhow::Error::from_boxed)
}

async fn answer(api: &api::Api, request: lambda_http::Request) -> Result<Response, Infallible> {
    let response = api.answer(request).await;
    flush(api.cloud());
    Ok(response)
}

async fn work(cloud: &Cloud, event: LambdaEvent<SqsEvent>) -> Result<batch::Response, Error> {
    let worker = worker::Worker {
        engine: cloud.engine.clone(),
        queue: Arc::clone(&cloud.aws.queue),
        to_delivery: worker::delivery_of,
    };
    let response = worker.handle(event.payload, budget::left(event.context.deadline())).await;
    flush(cloud);
    Ok(response)
}

async fn sweep(cloud: &Cloud, event: LambdaEvent<Value>) -> Result<(), Error> {
    let swept = sweeper::sweep(&cloud.engine, &*cloud.aws.queue, budget::left(event.context.deadline())).await;
    flush(cloud);
    swept.map_err(Into::into)
}

async fn take_events(cloud: &Cloud, event: LambdaEvent<SqsEvent>) -> Result<batch::Response, Error> {
    let engine = cloud.engine.clone();
    let response = events::handle(event.payload, move |object| {
        let engine = engine.clone();
        async move { engine.bucket_object_created(&object.bucket, &object.key).await.map(|_| ()) }
    });
    let response = response.await;
    flush(cloud);
    Ok(response)
}

fn flush(cloud: &Cloud) {
    if let Some(metrics) = &cloud.metrics {
        metrics.flush();
    }
}
