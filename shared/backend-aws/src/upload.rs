//! Writing one S3 object of any size: up to 8 MiB in one request, above in parts of 8 MiB, each uploaded while the next one fills. S3 checks
//! every request and the whole object by CRC-32.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::error::S3Failure;

/// Bytes of a part; an object up to this size is written in one request.
pub const PART: usize = 8 << 20;

/// Where an object goes.
#[derive(Debug, Clone)]
pub struct Target {
    pub client: Client,
    pub bucket: String,
    pub key: String,
}

/// An object being written. Nothing is visible before [`finish`](Self::finish); dropping it takes the parts back.
pub struct Upload {
    target: Target,
    buffer: Vec<u8>,
    parts: Option<Parts>,
    size: u64,
    crc: crc32fast::Hasher,
}

/// Parts of a large object.
struct Parts {
    id: String,
    done: Vec<CompletedPart>,
    running: Option<JoinHandle<Result<CompletedPart, S3Failure>>>,
}

/// CRC-32 as S3 writes it.
pub fn crc_text(crc: u32) -> String {
    STANDARD.encode(crc.to_be_bytes())
}

/// CRC-32 of a whole object from S3's text; that of an object checked part by part only is not one.
pub fn crc_of(text: Option<&str>) -> Option<u32> {
    let bytes = STANDARD.decode(text?).ok()?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

impl Upload {
    pub fn new(target: Target) -> Self {
        Self { target, buffer: Vec::new(), parts: None, size: 0, crc: crc32fast::Hasher::new() }
    }

    /// The same place with an ending to its name.
    pub fn beside(&self, ending: &str) -> Target {
        Target { key: format!("{}{ending}", self.target.key), ..self.target.clone() }
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// CRC-32 of what was written so far.
    pub fn crc32(&self) -> u32 {
        self.crc.clone().finalize()
    }

    /// Whether the object no longer fits into one request.
    pub fn is_large(&self) -> bool {
        self.parts.is_some()
    }

    /// Appends bytes.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), S3Failure> {
        self.size += bytes.len() as u64;
        self.crc.update(bytes);
        while !bytes.is_empty() {
            if self.buffer.len() == PART {
                self.send_part().await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(PART - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Makes the object visible. `metadata` is kept with an object that is not large; a large one had to say it at its beginning. Gives back what
    /// was written, unless it was large.
    pub async fn finish(mut self, metadata: &[(&str, String)]) -> Result<Option<Bytes>, S3Failure> {
        let crc = crc_text(self.crc32());
        if self.parts.is_some() {
            self.send_part().await?;
            self.complete(crc).await?;
            return Ok(None);
        }
        let Target { client, bucket, key } = &self.target;
        let mut request = client.put_object().bucket(bucket).key(key).checksum_crc32(crc);
        for (name, value) in metadata {
            request = request.metadata(*name, value);
        }
        let body = Bytes::from(std::mem::take(&mut self.buffer));
        request.body(body.clone().into()).send().await.map_err(|error| S3Failure::of(&error))?;
        Ok(Some(body))
    }

    /// Takes the parts back and waits until that is done.
    pub async fn abort(mut self) {
        if let Some(parts) = self.parts.take() {
            parts.take_back(self.target.clone()).await;
        }
    }

    /// Sends what is in the buffer as the next part, after the part before has arrived.
    async fn send_part(&mut self) -> Result<(), S3Failure> {
        let id = match &self.parts {
            Some(parts) => parts.id.clone(),
            None => {
                let id = self.begin().await?;
                self.parts = Some(Parts { id: id.clone(), done: Vec::new(), running: None });
                id
            }
        };
        let Some(parts) = &mut self.parts else { return Ok(()) };
        parts.join().await?;
        let number = i32::try_from(parts.done.len() + 1).unwrap_or(i32::MAX);
        let body = std::mem::replace(&mut self.buffer, Vec::with_capacity(PART));
        parts.running = Some(tokio::spawn(part(self.target.clone(), id, number, body)));
        Ok(())
    }

    async fn begin(&self) -> Result<String, S3Failure> {
        let Target { client, bucket, key } = &self.target;
        let request = client.create_multipart_upload().bucket(bucket).key(key);
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32).checksum_type(ChecksumType::FullObject);
        let answer = request.send().await.map_err(|error| S3Failure::of(&error))?;
        answer.upload_id.ok_or_else(|| S3Failure::ours("S3 gave no upload id"))
    }

    async fn complete(&mut self, crc: String) -> Result<(), S3Failure> {
        let Some(parts) = &mut self.parts else { return Ok(()) };
        parts.join().await?;
        let Target { client, bucket, key } = &self.target;
        let all = CompletedMultipartUpload::builder().set_parts(Some(parts.done.clone())).build();
        let request = client.complete_multipart_upload().bucket(bucket).key(key).upload_id(&parts.id);
        let request = request.multipart_upload(all).checksum_crc32(&crc).checksum_type(ChecksumType::FullObject);
        let sent = request.mpu_object_size(i64::try_from(self.size).unwrap_or(i64::MAX)).send().await;
        match sent.map_err(|error| S3Failure::of(&error)) {
            // The answer to the first try may have been lost: then the upload is gone, because the object is there.
            Err(failure) if failure.code.as_deref() == Some("NoSuchUpload") && self.is_there(&crc).await => {}
            Err(failure) => return Err(failure),
            Ok(_) => {}
        }
        self.parts = None;
        Ok(())
    }

    async fn is_there(&self, crc: &str) -> bool {
        let Target { client, bucket, key } = &self.target;
        let request = client.head_object().bucket(bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        request.send().await.is_ok_and(|found| found.checksum_crc32() == Some(crc))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(parts), Ok(runtime)) = (self.parts.take(), Handle::try_current()) {
            runtime.spawn(parts.take_back(self.target.clone()));
        }
    }
}

impl Parts {
    /// Waits for the part that is on its way.
    async fn join(&mut self) -> Result<(), S3Failure> {
        if let Some(running) = self.running.take() {
            let part = running.await.map_err(|error| S3Failure::ours(error.to_string()))??;
            self.done.push(part);
        }
        Ok(())
    }

    async fn take_back(mut self, target: Target) {
        if let Some(running) = self.running.take() {
            running.abort();
            let _ = running.await;
        }
        let Target { client, bucket, key } = &target;
        let aborted = client.abort_multipart_upload().bucket(bucket).key(key).upload_id(&self.id).send().await;
        if let Err(error) = aborted {
            let failure = S3Failure::of(&error);
            tracing::warn!(error = %failure, "an unfinished upload could not be taken back; the bucket's lifecycle removes it");
        }
    }
}

async fn part(target: Target, id: String, number: i32, body: Vec<u8>) -> Result<CompletedPart, S3Failure> {
    let crc = crc_text(crc32fast::hash(&body));
    let Target { client, bucket, key } = &target;
    let request = client.upload_part().bucket(bucket).key(key).upload_id(id).part_number(number);
    let answer = request.checksum_crc32(&crc).body(body.into()).send().await.map_err(|error| S3Failure::of(&error))?;
    Ok(CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag).checksum_crc32(crc).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_written_as_s3_writes_them() {
        // The check value of CRC-32: "123456789" has 0xCBF43926.
        assert_eq!(crc_text(crc32fast::hash(b"123456789")), "y/Q5Jg==");
        assert_eq!(crc_of(Some("y/Q5Jg==")), Some(0xCBF4_3926));
        assert_eq!((crc_of(Some("y/Q5Jg==-3")), crc_of(None)), (None, None));
    }
}
