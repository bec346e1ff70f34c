//! Which checkers judge a history, and why these.

use std::collections::BTreeSet;

use perjury_checkers::linearizable::{AnyModel, model_for};
use perjury_checkers::model::Shape;
use perjury_checkers::{Checker, Context, Limits, checker, fit, observation};
use perjury_histories::format::Format;
use perjury_histories::{History, Value};

/// Checkers that judge by a model; the first is taken when a model is named, and no checker.
const BY_MODEL: &[&str] = &["linearizability", "sequential"];

/// What the command line asks for.
#[derive(Clone, Default)]
pub struct Asked {
    /// Names of checkers; empty: those that fit.
    pub checkers: Vec<String>,
    /// The model, where one was named.
    pub model: Option<&'static dyn AnyModel>,
    /// What objects hold at first, where that was said.
    pub initial: Option<Value>,
    /// The format, where one was named.
    pub format: Option<&'static Format>,
    /// How many configurations a search may visit for each object.
    pub configurations_max: u64,
}

impl Asked {
    /// What checkers may know beside the history.
    pub fn context(&self, history: &History, limits: Limits) -> Context {
        let is_named = !self.checkers.is_empty() || self.model.is_some();
        Context {
            initial: self.initial.clone().unwrap_or_default(),
            model: self.model,
            limits,
            // What nobody read is explained by any order, and the reason says so. Without a single ok there is
            // nothing to explain, unless somebody asks for just that.
            may_be_unread: is_named || observation::is_anything_ok(history),
            ..Context::default()
        }
    }

    /// The checkers that judge this history.
    pub fn choose(&self, history: &History) -> Choice {
        if history.operations().len() == 0 {
            return Choice {
                checkers: Vec::new(),
                why: "no operations: there is nothing to judge".to_owned(),
            };
        }
        let mut choice = match self.checkers.as_slice() {
            [] => by_fit(history, self.model),
            names => Choice {
                checkers: names.iter().filter_map(|name| checker::named(name)).collect(),
                why: "--checker names them".to_owned(),
            },
        };
        let is_by_model = |checker: &&dyn Checker| BY_MODEL.contains(&checker.name());
        if let (Some(model), false) = (self.model, choice.checkers.iter().any(is_by_model)) {
            choice.checkers.extend(checker::named(BY_MODEL[0]));
            choice.why = format!("--model names {}", model.name());
        }
        choice
    }

    /// What was asked for that makes no sense of this history: a model of other objects, an initial value that
    /// its model does not have.
    pub fn misuse(&self, history: &History, choice: &Choice) -> Option<String> {
        let functions = || history.operations().map(|operation| operation.function());
        // Nearly everything can be read, so that tells little.
        let mut deeds = functions().filter(|function| *function != "read").peekable();
        if let Some(model) = self.model
            && deeds.peek().is_some()
            && !deeds.any(|function| model.functions().contains(&function))
        {
            let functions: BTreeSet<&str> = functions().collect();
            return Some(format!(
                "--model {} has {}, but the functions of this history are {}: perjury list models",
                model.name(),
                model.functions().join(", "),
                functions.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
        let initial = self.initial.as_ref()?;
        choice.checkers.iter().find(|checker| BY_MODEL.contains(&checker.name()))?;
        let model = self.model.or_else(|| model_for(history).ok())?;
        let problem = model.check_initial(initial).err()?;
        Some(format!("--init {initial} is nothing that a {} can hold at first: {problem}", model.name()))
    }

    /// The model by which this checker judges the history, if by any.
    pub fn model_of(&self, checker: &dyn Checker, history: &History) -> Option<&'static str> {
        let model = || self.model.or_else(|| model_for(history).ok());
        BY_MODEL.contains(&checker.name()).then(model)?.map(|model| model.name())
    }
}

/// The checkers that fit the history, with the reasons: `integrity, linearizability (registers); …`.
fn by_fit(history: &History, model: Option<&'static dyn AnyModel>) -> Choice {
    let fits = model.map_or_else(|| fit::fits(history), |model| fit::fits_of(history, model));
    if fits.is_empty() {
        return Choice { checkers: Vec::new(), why: fit::why_none(history) };
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for fit in &fits {
        match reasons.iter_mut().find(|(reason, _)| *reason == fit.reason) {
            Some((_, names)) => names.push(fit.checker.name()),
            None => reasons.push((fit.reason, vec![fit.checker.name()])),
        }
    }
    let reasons = reasons.iter().map(|(reason, names)| format!("{} ({reason})", names.join(", ")));
    let mut why = reasons.collect::<Vec<_>>().join("; ");
    if model.is_none() && model_for(history).is_ok_and(|model| model.shape() == Shape::FifoQueue) {
        why.push_str("; first in, first out: --model unordered-queue where order is not promised");
    }
    Choice { checkers: fits.into_iter().map(|fit| fit.checker).collect(), why }
}

/// Checkers, and why these.
pub struct Choice {
    /// In the order in which they judge; empty when there is none.
    pub checkers: Vec<&'static dyn Checker>,
    /// Why these, or why there is none.
    pub why: String,
}
