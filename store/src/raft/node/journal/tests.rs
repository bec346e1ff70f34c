use super::*;

fn said(journal: &mut Journal) -> Vec<Effect> {
    let mut effects = Vec::new();
    journal.drain_into(&mut effects);
    effects.retain(|effect| !matches!(effect, Effect::Append(_)));
    effects
}

fn voted(term: Term) -> Effect {
    let body = Body::Voted { is_pre: false, granted: true };
    Effect::Send { to: 1, message: Message { term, body } }
}

#[test]
fn a_vote_is_durable_before_it_is_given() {
    let mut journal = Journal::new(3, None, Safeguards::default());
    journal.vote(4, Some(1));
    journal.send(1, Body::Voted { is_pre: false, granted: true });
    assert!(said(&mut journal).is_empty());
    journal.synced(1);
    let passed = Effect::Pass(&point::BEFORE_VOTE_REPLY);
    assert_eq!(said(&mut journal), [Effect::Fact(Fact::Term(4)), passed, voted(4)]);
}

#[test]
fn a_vote_is_not_given_any_more_when_the_term_is_over() {
    let mut journal = Journal::new(3, None, Safeguards::default());
    journal.vote(4, Some(1));
    journal.send(1, Body::Voted { is_pre: false, granted: true });
    journal.vote(5, None);
    journal.synced(2);
    assert_eq!(said(&mut journal), [Effect::Fact(Fact::Term(4)), Effect::Fact(Fact::Term(5))]);
}

#[test]
fn without_the_safeguard_a_vote_is_given_and_not_kept() {
    let safeguards = Safeguards { vote_persisted: false, ..Safeguards::default() };
    let mut journal = Journal::new(3, None, safeguards);
    journal.vote(4, Some(1));
    journal.send(1, Body::Voted { is_pre: false, granted: true });
    assert_eq!(said(&mut journal), [Effect::Reached("vote-not-persisted"), voted(4)]);
    assert_eq!(journal.vote_record(), Record::Vote { term: 3, voted_for: None });
}

#[test]
fn without_the_safeguard_a_term_is_not_kept() {
    let safeguards = Safeguards { term_persisted: false, ..Safeguards::default() };
    let mut journal = Journal::new(3, None, safeguards);
    journal.vote(4, None);
    assert_eq!(said(&mut journal), [Effect::Reached("term-not-persisted"), Effect::Fact(Fact::Term(4))]);
    assert_eq!(journal.vote_record(), Record::Vote { term: 3, voted_for: None });
}
