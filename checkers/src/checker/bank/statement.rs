//! What a read of a bank shows: accounts and their balances.

use std::borrow::Cow;

use perjury_histories::Value;

use crate::numbers::integer;

/// The balances of all accounts, in the order of the accounts' names; in an array the place of a balance names
/// its account. An account without a balance (null) is there, and has none.
#[derive(Default)]
pub(super) struct Statement<'a> {
    balances: Vec<(Cow<'a, str>, Option<i128>)>,
}

impl<'a> Statement<'a> {
    /// The statement that this value is: an object of account and balance, or an array of balances.
    pub fn of(value: &'a Value) -> Option<Statement<'a>> {
        let balance = |value: &Value| match value {
            Value::Null => Some(None),
            value => integer(value).map(Some),
        };
        let balances: Option<Vec<_>> = match value {
            Value::Object(accounts) => {
                accounts.iter().map(|(name, value)| Some((Cow::from(name), balance(value)?))).collect()
            }
            Value::Array(balances) => {
                let named = (0_usize..).map(|place| Cow::from(place.to_string())).zip(balances);
                named.map(|(name, value)| Some((name, balance(value)?))).collect()
            }
            _ => None,
        };
        let mut balances = balances?;
        balances.sort_unstable();
        Some(Statement { balances })
    }

    /// The names of all accounts, in order.
    pub fn accounts(&self) -> Vec<String> {
        self.balances.iter().map(|(name, _)| name.to_string()).collect()
    }

    /// Whether these are the accounts, in order, and each has a balance.
    pub fn is_of(&self, accounts: &[String]) -> bool {
        let names = self.balances.iter().map(|(name, _)| name.as_ref());
        names.eq(accounts.iter().map(String::as_str))
            && self.balances.iter().all(|account| account.1.is_some())
    }

    /// Which of these accounts, in order, are missing or have no balance, and which others are there.
    pub fn differences(&self, accounts: &[String]) -> (Vec<String>, Vec<String>) {
        let has = |name: &String| {
            let place = self.balances.binary_search_by(|(account, _)| account.as_ref().cmp(name));
            place.is_ok_and(|place| self.balances[place].1.is_some())
        };
        let missing = accounts.iter().filter(|name| !has(name)).cloned().collect();
        let others = self.accounts().into_iter().filter(|name| accounts.binary_search(name).is_err());
        (missing, others.collect())
    }

    /// Whether no account has a balance.
    pub fn is_blank(&self) -> bool {
        self.balances.iter().all(|(_, balance)| balance.is_none())
    }

    /// What all balances add up to.
    pub fn total(&self) -> i128 {
        self.balances.iter().filter_map(|(_, balance)| *balance).sum()
    }

    /// The first account that is overdrawn, with its balance.
    pub fn overdrawn(&self) -> Option<(&str, i128)> {
        let mut balances =
            self.balances.iter().filter_map(|(name, balance)| Some((name.as_ref(), (*balance)?)));
        balances.find(|(_, balance)| *balance < 0)
    }
}
