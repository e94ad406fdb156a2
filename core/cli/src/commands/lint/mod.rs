//! `lint`: metrics pages, held to their format.

mod shown;
mod source;

use aiperf_parser_prometheus::Format;
use aiperf_parser_prometheus::lint::{Finding, Severity, lint as findings_of};

use self::source::{Page, Reader};
use super::World;
use crate::args::{LintArgs, PageFormat};
use crate::exit_code::ExitCode;
use crate::output;

/// Says what is wrong with each page: on standard error what and where, on standard output a line for
/// each page.
pub(crate) fn lint(args: &LintArgs, world: &World) -> ExitCode {
    let reader = match Reader::new(args, &world.environment) {
        Ok(reader) => reader,
        Err(problem) => {
            output::error(&problem);
            return ExitCode::Usage;
        }
    };
    let codes = args
        .pages
        .iter()
        .map(|page| match reader.read(&page.to_string()) {
            Ok(page) => judge(&page, args, world),
            Err((code, problem)) => {
                output::error(&problem);
                code
            }
        });
    // The gravest of all pages: what could not be read at all, then errors, then warnings.
    let rank = |code: &ExitCode| match code {
        ExitCode::Success => 0,
        ExitCode::Strict => 1,
        ExitCode::Findings => 2,
        _ => 3,
    };
    codes.max_by_key(rank).unwrap_or(ExitCode::Success)
}

fn judge(page: &Page, args: &LintArgs, world: &World) -> ExitCode {
    let format = match args.format {
        Some(PageFormat::Text) => Format::PrometheusText,
        Some(PageFormat::OpenMetrics) => Format::OpenMetrics,
        None => Format::detect(&page.content_type, &page.body),
    };
    let mut findings = findings_of(&page.body, format);
    findings.retain(|finding| !args.errors_only || finding.severity == Severity::Error);
    for finding in &findings {
        let text = shown::render(page, finding, world.error_color);
        output::say(&format!("{}\n", page.without_secrets(&text)));
    }
    let errors = count(&findings, Severity::Error);
    let warnings = count(&findings, Severity::Warning);
    output::stdout_line(&format!(
        "{}: {}",
        page.name,
        output::verdict(errors, warnings)
    ));
    if errors > 0 {
        ExitCode::Findings
    } else if warnings > 0 && args.strict {
        ExitCode::Strict
    } else {
        ExitCode::Success
    }
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    let of_it = findings.iter().filter(|f| f.severity == severity);
    of_it.count()
}
