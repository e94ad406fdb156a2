//! Finished requests: rows, and the columns in which they cross the boundary.

mod block;
mod columns;
mod row;
mod view;

pub use block::RequestBlock;
pub use row::{Outcome, RequestRow};
pub use view::RequestView;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_the_crossing() {
        let rows = [
            RequestRow {
                id: 7,
                phase: 1,
                worker: 2,
                status: 200,
                start_ns: 1_730_000_000_000_000_000,
                send_delay_ns: Some(12),
                held_ns: Some(5),
                end_ns: 160,
                read_lag_ns: 9,
                chunks: 3,
                ttft_ns: Some(50),
                latency_ns: Some(150),
                completion_tokens: Some(3),
                reasoning_tokens: Some(1),
                first_output_ns: Some(90),
                session_num: Some(4),
                turn_index: Some(1),
                conversation_id: "talk",
                connecting_ns: Some(70),
                sending_ns: Some(10),
                waiting_ns: Some(30),
                data_sent: Some(400),
                data_received: Some(900),
                socket_reads: Some(4),
                images: 2,
                cache_write_tokens: Some(50),
                accepted_prediction_tokens: Some(51),
                rejected_prediction_tokens: Some(52),
                spec_decode_steps: Some(53),
                draft_tokens: Some(54),
                accepted_draft_tokens: Some(55),
                gaps_ns: &[40, 60],
                ..RequestRow::default()
            },
            RequestRow {
                outcome: Outcome::Failed,
                error_class: "http_500",
                error_message: "boom",
                ..RequestRow::default()
            },
        ];
        let mut block = RequestBlock::default();
        for row in &rows {
            block.push(row);
        }
        block.with_abi(|batch| {
            let view = RequestView::read(batch).unwrap();
            assert_eq!(view.rows().collect::<Vec<_>>(), rows);
        });
        let mut bytes = Vec::new();
        block.to_bytes(&mut bytes);
        assert!(RequestBlock::from_bytes(&bytes[1..]).is_err());
        RequestBlock::from_bytes(&bytes).unwrap().with_abi(|batch| {
            let view = RequestView::read(batch).unwrap();
            assert_eq!(view.rows().collect::<Vec<_>>(), rows);
        });
    }
}
