//! Histograms and summaries: buckets that add up, quantiles that are some.

#![expect(clippy::float_cmp, reason = "values are compared as they were written")]

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind as Kind;

use super::finding::{Findings, Severity};
use super::page::{Family, Label, Page, Sample};

pub(super) fn check(page: &Page<'_>, findings: &mut Findings) {
    for family in &page.families {
        match family.kind {
            Kind::Histogram | Kind::GaugeHistogram => histogram(page, family, findings),
            Kind::Summary => summary(page, family, findings),
            _ => {}
        }
    }
}

/// One histogram: the samples of a family that differ in `le` only.
#[derive(Default)]
struct Histogram<'p> {
    buckets: Vec<(f64, &'p Sample<'p>)>,
    count: Option<&'p Sample<'p>>,
    has_sum: bool,
}

type Key<'p> = (Vec<Label<'p>>, Option<i64>);

fn histogram(page: &Page<'_>, family: &Family<'_>, findings: &mut Findings) {
    let mut all: BTreeMap<Key<'_>, Histogram<'_>> = BTreeMap::new();
    for sample in page.of(family) {
        let suffix = sample.name.strip_prefix(family.name.as_ref());
        let entry = all.entry((sample.identity("le"), sample.time)).or_default();
        match suffix {
            Some("_bucket") => match bound(sample) {
                Ok(bound) => entry.buckets.push((bound, sample)),
                Err(message) => tell(findings, "bucket-le", family, sample, message),
            },
            Some("_count" | "_gcount") => entry.count = Some(sample),
            Some("_sum" | "_gsum") => entry.has_sum = true,
            Some("_created") => {}
            _ => {
                let message = format!("`{}` is no sample of a histogram", sample.name);
                tell(findings, "histogram-sample", family, sample, message);
            }
        }
    }
    for histogram in all.into_values() {
        shape(family, histogram, findings);
    }
}

fn bound(sample: &Sample<'_>) -> Result<f64, String> {
    let Some(text) = sample.label("le") else {
        return Err(format!("`{}` lacks the label `le`", sample.name));
    };
    let bound = text.parse().ok().filter(|bound: &f64| !bound.is_nan());
    bound.ok_or_else(|| format!("`le=\"{text}\"` is no upper bound of a bucket"))
}

fn shape(family: &Family<'_>, mut one: Histogram<'_>, findings: &mut Findings) {
    let name = &family.name;
    one.buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    for pair in one.buckets.windows(2) {
        let ((lower, below), (upper, above)) = (pair[0], pair[1]);
        if lower == upper && below.label("le") != above.label("le") {
            let (a, b) = (below.label("le"), above.label("le"));
            let message = format!(
                "the bounds `{}` and `{}` of `{name}` are one",
                a.unwrap_or_default(),
                b.unwrap_or_default()
            );
            tell(findings, "bucket-le", family, above, message);
        } else if above.value < below.value {
            let message = format!(
                "the bucket of `{name}` up to {upper} holds less than the one up to {lower}, of which \
                 it is the whole"
            );
            value(findings, "bucket-order", family, above, message);
        }
    }
    let last = one.buckets.last();
    match (last, one.count) {
        (Some(&(bound, whole)), _) if bound != f64::INFINITY => {
            let message = format!("`{name}` has no bucket with `le=\"+Inf\"`");
            tell(findings, "bucket-inf", family, whole, message);
        }
        (Some(&(_, whole)), Some(count)) if whole.value != count.value => {
            let message = format!(
                "`{}` is {}, and the bucket with `le=\"+Inf\"` is {}: they are the same number",
                count.name, count.value, whole.value
            );
            value(findings, "bucket-count", family, count, message);
        }
        (Some(&(_, whole)), None) => {
            let message = format!("`{name}` has no `{name}_count`");
            tell(findings, "histogram-sample", family, whole, message);
        }
        (None, Some(count)) => {
            let message = format!("`{name}` has no buckets");
            tell(findings, "histogram-sample", family, count, message);
        }
        _ => {}
    }
    if let Some(count) = one.count.filter(|_| !one.has_sum) {
        let message = format!("`{name}` has no `{name}_sum`");
        let (subject, at) = (name.as_bytes(), count.series_at());
        findings.grouped(Severity::Warning, "histogram-sum", subject, at, message);
    }
}

fn summary(page: &Page<'_>, family: &Family<'_>, findings: &mut Findings) {
    for sample in page.of(family).filter(|sample| sample.name == family.name) {
        let quantile = sample.label("quantile");
        let number = quantile.and_then(|text| text.parse::<f64>().ok());
        if !number.is_some_and(|quantile| (0.0..=1.0).contains(&quantile)) {
            let message = match quantile {
                Some(text) => format!("`quantile=\"{text}\"` is not between 0 and 1"),
                None => format!(
                    "`{}` is a summary, and lacks the label `quantile`",
                    sample.name
                ),
            };
            tell(findings, "quantile", family, sample, message);
        } else if sample.value < 0.0 && page.format == crate::Format::OpenMetrics {
            let message = format!("a quantile of `{}` is negative", sample.name);
            value(findings, "quantile", family, sample, message);
        }
    }
}

/// What is wrong with the name or the labels of `sample`; once a family.
fn tell(
    findings: &mut Findings,
    rule: &'static str,
    family: &Family<'_>,
    sample: &Sample<'_>,
    message: String,
) {
    let (subject, at) = (family.name.as_bytes(), sample.series_at());
    findings.grouped(Severity::Error, rule, subject, at, message);
}

/// What is wrong with its value.
fn value(
    findings: &mut Findings,
    rule: &'static str,
    family: &Family<'_>,
    sample: &Sample<'_>,
    message: String,
) {
    let (subject, at) = (family.name.as_bytes(), sample.value_at.clone());
    findings.grouped(Severity::Error, rule, subject, at, message);
}
