//! Names for people, and text that is harmless to look at.

mod json;
mod printable;

pub use json::{json_line, json_text};
pub use printable::{excerpt, printable};

/// Words written in capitals.
const ACRONYMS: [&str; 20] = [
    "api", "cpu", "d2d", "d2h", "dcgm", "e2e", "fb", "fds", "gpu", "h2d", "http", "id", "kv",
    "kvbm", "sm", "ttft", "url", "uuid", "vllm", "xid",
];

/// Turns a metric's key into a title: `http_requests_in_flight` into `HTTP Requests In Flight`,
/// `vllm:num_requests` into `VLLM | Num Requests`.
pub fn metric_title(key: &str) -> String {
    let mut title = String::with_capacity(key.len() + 8);
    for (index, part) in key.split(':').enumerate() {
        if index > 0 {
            title.push_str(" | ");
        }
        for (index, word) in part.split('_').enumerate() {
            if index > 0 {
                title.push(' ');
            }
            push_word(&mut title, word);
        }
    }
    title
}

fn push_word(title: &mut String, word: &str) {
    let lower = word.to_lowercase();
    if ACRONYMS.contains(&lower.as_str()) {
        title.push_str(&word.to_uppercase());
        return;
    }
    let mut chars = lower.chars();
    title.extend(chars.next().into_iter().flat_map(char::to_uppercase));
    title.push_str(chars.as_str());
}

#[cfg(test)]
mod tests {
    use super::metric_title;

    #[test]
    fn titles_follow_the_documented_examples() {
        let check = |key, title| assert_eq!(metric_title(key), title);
        check(
            "dynamo_component_kvstats_gpu_cache_usage_percent",
            "Dynamo Component Kvstats GPU Cache Usage Percent",
        );
        check("http_requests_in_flight", "HTTP Requests In Flight");
        check("vllm:num_requests_running", "VLLM | Num Requests Running");
        check("process_open_fds", "Process Open FDS");
        check("", "");
    }
}
