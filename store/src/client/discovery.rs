//! Finding all nodes of a store through any of them.

use std::time::Duration;

use super::{Client, ClientOptions};
use crate::env::Env;
use crate::quorum::message::Refusal;

/// Names and addresses of all nodes, sorted by name, as the first of the seeds (name and address) says that answers.
/// Each is asked once, one after the other, within `limit`.
///
/// # Errors
/// What the last seed said, or why it was not reached.
pub async fn discover(
    env: &Env,
    seeds: &[(String, String)],
    limit: Duration,
) -> Result<Vec<(String, String)>, Refusal> {
    let mut problem = Refusal::Invalid("there is no node to ask".to_owned());
    for seed in seeds {
        let mut session = Client::new(env.clone(), ClientOptions::new(vec![seed.clone()]));
        match session.members(limit).await {
            Ok(members) => {
                return Ok(members.into_iter().map(|(view, address)| (view.of, address)).collect());
            }
            Err(refusal) => problem = refusal,
        }
    }
    Err(problem)
}
