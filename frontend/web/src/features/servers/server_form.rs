//! The fields of a server, grouped by what they are about.

use adit_api::nodes::SecretsInput;
use adit_domain::AeTitle;
use adit_domain::node::{DicomWeb, Limits, Server, Services, Tls};
use leptos::prelude::*;

use crate::ui::{Check, Number, Text, TextArea};

/// Which secrets of a server are stored.
#[derive(Clone, Copy, Default)]
pub struct HasSecrets {
    pub client_key: bool,
    pub authorization_header: bool,
    pub client_secret: bool,
    pub extra_header: bool,
}

/// All fields as signals.
#[derive(Clone, Copy)]
pub struct ServerFields {
    ae_title: RwSignal<String>,
    host: RwSignal<String>,
    port: RwSignal<u32>,
    calling: RwSignal<String>,
    max_results: RwSignal<u32>,
    services: [RwSignal<bool>; 7],
    web: [RwSignal<bool>; 3],
    web_texts: [RwSignal<String>; 7],
    authorization: RwSignal<String>,
    client_secret: RwSignal<String>,
    extra_header: RwSignal<String>,
    tls: RwSignal<bool>,
    tls_texts: [RwSignal<String>; 3],
    client_key: RwSignal<String>,
    limits: [RwSignal<u32>; 8],
}

impl ServerFields {
    /// A new server: study root, C-GET and C-MOVE, as most archives offer.
    pub fn blank() -> Self {
        let services =
            Services { study_root_find: true, study_root_get: true, study_root_move: true, ..Services::default() };
        Self::from(
            String::new(),
            String::new(),
            104,
            String::new(),
            200,
            services,
            &DicomWeb::default(),
            &Tls::default(),
            Limits::default(),
        )
    }

    /// An existing server.
    pub fn of(server: &Server) -> Self {
        Self::from(
            server.ae_title.to_string(),
            server.host.clone(),
            u32::from(server.port),
            server.calling_ae_title.clone(),
            server.max_search_results,
            server.services,
            &server.dicomweb,
            &server.tls,
            server.limits,
        )
    }

    #[expect(clippy::too_many_arguments, reason = "one per group of fields")]
    fn from(
        ae_title: String,
        host: String,
        port: u32,
        calling: String,
        max_results: u32,
        s: Services,
        web: &DicomWeb,
        tls: &Tls,
        limits: Limits,
    ) -> Self {
        Self {
            ae_title: RwSignal::new(ae_title),
            host: RwSignal::new(host),
            port: RwSignal::new(port),
            calling: RwSignal::new(calling),
            max_results: RwSignal::new(max_results),
            services: [
                s.study_root_find,
                s.study_root_get,
                s.study_root_move,
                s.patient_root_find,
                s.patient_root_get,
                s.patient_root_move,
                s.store_scp,
            ]
            .map(RwSignal::new),
            web: [web.qido, web.wado, web.stow].map(RwSignal::new),
            web_texts: [
                &web.root_url,
                &web.qido_prefix,
                &web.wado_prefix,
                &web.stow_prefix,
                &web.token_url,
                &web.client_id,
                &web.scope,
            ]
            .map(|text| RwSignal::new(text.clone())),
            authorization: RwSignal::new(String::new()),
            client_secret: RwSignal::new(String::new()),
            extra_header: RwSignal::new(String::new()),
            tls: RwSignal::new(tls.enabled),
            tls_texts: [&tls.ca_pem, &tls.client_certificate_pem, &tls.server_name]
                .map(|text| RwSignal::new(text.clone())),
            client_key: RwSignal::new(String::new()),
            limits: [
                u32::from(limits.associations),
                limits.instances_per_second,
                limits.connect_timeout_s,
                limits.first_byte_timeout_s,
                limits.idle_timeout_s,
                limits.total_timeout_s,
                limits.cache_mb,
                limits.cache_s,
            ]
            .map(RwSignal::new),
        }
    }

    /// The server as entered, or what cannot be right.
    pub fn value(self) -> Result<Server, String> {
        let [
            study_root_find,
            study_root_get,
            study_root_move,
            patient_root_find,
            patient_root_get,
            patient_root_move,
            store_scp,
        ] = self.services.map(|signal| signal.get_untracked());
        let [qido, wado, stow] = self.web.map(|signal| signal.get_untracked());
        let [root_url, qido_prefix, wado_prefix, stow_prefix, token_url, client_id, scope] =
            self.web_texts.map(|signal| signal.get_untracked());
        let [ca_pem, client_certificate_pem, server_name] = self.tls_texts.map(|signal| signal.get_untracked());
        let [
            associations,
            instances_per_second,
            connect_timeout_s,
            first_byte_timeout_s,
            idle_timeout_s,
            total_timeout_s,
            cache_mb,
            cache_s,
        ] = self.limits.map(|signal| signal.get_untracked());
        Ok(Server {
            ae_title: AeTitle::parse(&self.ae_title.get_untracked())
                .map_err(|error| format!("T{}.", &error.to_string()[1..]))?,
            host: self.host.get_untracked(),
            port: u16::try_from(self.port.get_untracked())
                .map_err(|_| "The port must be between 1 and 65535.".to_owned())?,
            calling_ae_title: self.calling.get_untracked(),
            services: Services {
                patient_root_find,
                patient_root_get,
                patient_root_move,
                study_root_find,
                study_root_get,
                study_root_move,
                store_scp,
            },
            dicomweb: DicomWeb {
                root_url,
                qido,
                wado,
                stow,
                qido_prefix,
                wado_prefix,
                stow_prefix,
                token_url,
                client_id,
                scope,
            },
            max_search_results: self.max_results.get_untracked(),
            tls: Tls { enabled: self.tls.get_untracked(), ca_pem, client_certificate_pem, server_name },
            limits: Limits {
                associations: u8::try_from(associations).unwrap_or(u8::MAX),
                instances_per_second,
                connect_timeout_s,
                first_byte_timeout_s,
                idle_timeout_s,
                total_timeout_s,
                cache_mb,
                cache_s,
            },
        })
    }

    /// Secrets that were entered; what was left empty stays as it is.
    pub fn secrets(self) -> SecretsInput {
        let given = |signal: RwSignal<String>| Some(signal.get_untracked()).filter(|text| !text.is_empty());
        SecretsInput {
            client_key_pem: given(self.client_key),
            authorization_header: given(self.authorization),
            client_secret: given(self.client_secret),
            extra_header: given(self.extra_header),
        }
    }
}

#[component]
fn Group(title: &'static str, #[prop(optional)] open: bool, children: Children) -> impl IntoView {
    view! {
        <details class="rounded-field border border-base-300 p-3" open=open>
            <summary class="cursor-pointer text-sm font-semibold">{title}</summary>
            <div class="mt-3">{children()}</div>
        </details>
    }
}

#[component]
pub fn ServerForm(fields: ServerFields, has: HasSecrets) -> impl IntoView {
    let f = fields;
    let kept = |has: bool| if has { "A value is stored; leave empty to keep it." } else { "" };
    const SERVICES: [&str; 7] = [
        "Search, study root (C-FIND)",
        "Fetch, study root (C-GET)",
        "Fetch, study root (C-MOVE)",
        "Search, patient root (C-FIND)",
        "Fetch, patient root (C-GET)",
        "Fetch, patient root (C-MOVE)",
        "May receive images (C-STORE)",
    ];
    view! {
        <div class="grid gap-3 md:grid-cols-4">
            <Text label="AE title" value=f.ae_title hint="The server's own title"/>
            <Text label="Host" value=f.host hint="Empty for DICOMweb alone"/>
            <Number label="Port" value=f.port/>
            <Text label="Our AE title" value=f.calling hint="Empty: the one of this ADIT"/>
        </div>
        <Group title="Services" open=true>
            <div class="grid gap-2 md:grid-cols-3">
                {SERVICES.into_iter().zip(f.services).map(|(label, value)| view! { <Check label=label value=value/> }).collect_view()}
            </div>
        </Group>
        <Group title="Encryption (TLS)">
            <div class="grid gap-3 md:grid-cols-2">
                <Check label="Use TLS" value=f.tls/>
                <Text label="Name in the server's certificate" value=f.tls_texts[2] hint="Empty: the host"/>
                <TextArea label="CA certificate (PEM)" value=f.tls_texts[0] hint="Who signed the server's certificate"/>
                <TextArea label="Our client certificate (PEM)" value=f.tls_texts[1] hint="Only if the server asks for one"/>
                <TextArea label="Private key of our certificate (PEM)" value=f.client_key hint=kept(has.client_key)/>
            </div>
        </Group>
        <Group title="Limits and timeouts">
            <div class="grid gap-3 md:grid-cols-3">
                <Number label="Associations at a time" value=f.limits[0] hint="1 to 32"/>
                <Number label="Images per second" value=f.limits[1] hint="0: no limit"/>
                <Number label="Results per search" value=f.max_results/>
                <Number label="Connecting, seconds" value=f.limits[2]/>
                <Number label="First answer, seconds" value=f.limits[3] hint="An archive may fetch from tape"/>
                <Number label="Silence, seconds" value=f.limits[4]/>
                <Number label="One exchange in all, seconds" value=f.limits[5] hint="0: no limit"/>
                <Number label="DICOMweb: waiting images, MB" value=f.limits[6] hint="For each retrieval; more hold the server back"/>
                <Number label="DICOMweb: kept, seconds" value=f.limits[7] hint="At most, for a repeated request"/>
            </div>
        </Group>
        <Group title="DICOMweb">
            <div class="grid gap-3 md:grid-cols-4">
                <div class="md:col-span-4"><Text label="Base address" value=f.web_texts[0] placeholder="https://pacs.example.org/dicom-web"/></div>
                <Check label="Search (QIDO-RS)" value=f.web[0]/>
                <Check label="Fetch (WADO-RS)" value=f.web[1]/>
                <Check label="Store (STOW-RS)" value=f.web[2]/>
                <span></span>
                <Text label="QIDO prefix" value=f.web_texts[1]/>
                <Text label="WADO prefix" value=f.web_texts[2]/>
                <Text label="STOW prefix" value=f.web_texts[3]/>
                <Text label="Authorization header" value=f.authorization kind="password" hint=kept(has.authorization_header)/>
                <Text label="Token address (OAuth 2)" value=f.web_texts[4] hint="Empty: the authorization header is sent"/>
                <Text label="Client id" value=f.web_texts[5]/>
                <Text label="Client secret" value=f.client_secret kind="password" hint=kept(has.client_secret)/>
                <Text label="Scope" value=f.web_texts[6]/>
                <div class="md:col-span-2"><Text label="One more header" value=f.extra_header kind="password" placeholder="Ocp-Apim-Subscription-Key: 0123" hint=kept(has.extra_header)/></div>
            </div>
        </Group>
    }
}
