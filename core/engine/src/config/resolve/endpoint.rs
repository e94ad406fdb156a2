//! What the APIs need beside a URL.

use std::sync::Arc;

use super::Resolver;
use crate::http::Origin as Server;
use crate::load::{EndpointKind, Field, Template};

impl Resolver<'_> {
    /// Servers beside the first one. Unusable URLs have been recorded by the schema's check.
    pub(super) fn more_servers(&self) -> Vec<Server> {
        let urls = self.config.endpoint.urls.iter();
        urls.filter_map(|url| Server::parse(url).ok()).collect()
    }

    /// The body that the user wrote.
    pub(super) fn payload_template(&mut self) -> Option<Arc<Template>> {
        const PATH: [&str; 2] = ["endpoint", "payload_template"];
        let endpoint = &self.config.endpoint;
        let Some(written) = &endpoint.payload_template else {
            if endpoint.kind == EndpointKind::Template {
                let help = r#"give one, such as `{"text": {{text}}}`"#.to_owned();
                self.wrong(
                    &["endpoint", "type"],
                    "needs a `payload_template`",
                    Some(help),
                );
            }
            return None;
        };
        if endpoint.kind != EndpointKind::Template {
            let help = "set `type` to \"template\", or leave the template out".to_owned();
            self.wrong(&PATH, "is for the type `template` only", Some(help));
            return None;
        }
        let text = match written.strip_prefix('@') {
            None => Ok(written.clone()),
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| format!("names a file that cannot be read: {error}")),
        };
        let template = text.and_then(|text| {
            Template::parse(&text).map_err(|error| format!("is no template: {error}"))
        });
        match template {
            Ok(template) => Some(Arc::new(template)),
            Err(what) => {
                self.wrong(&PATH, &what, None);
                None
            }
        }
    }

    /// Where the text of an answer is.
    pub(super) fn response_field(&mut self) -> Option<Arc<Field>> {
        const PATH: [&str; 2] = ["endpoint", "response_field"];
        let endpoint = &self.config.endpoint;
        let written = endpoint.response_field.as_ref()?;
        if !matches!(endpoint.kind, EndpointKind::Template | EndpointKind::Raw) {
            let help = "leave it out: other answers are understood".to_owned();
            self.wrong(
                &PATH,
                "is for the types `template` and `raw` only",
                Some(help),
            );
            return None;
        }
        match Field::parse(written) {
            Ok(field) => Some(Arc::new(field)),
            Err(error) => {
                self.wrong(&PATH, &format!("is no path of a field: {error}"), None);
                None
            }
        }
    }
}
