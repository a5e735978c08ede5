use std::path::Path;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ImplItemFn, ItemFn, ItemMod, ItemTrait, Signature, TraitItemFn, Visibility,
};

/// What is measured, each value with its place.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) file_lines: Vec<(usize, String)>,
    pub(super) function_lines: Vec<(usize, String)>,
    pub(super) parameters: Vec<(usize, String)>,
    pub(super) nesting: Vec<(usize, String)>,
    pub(super) trait_methods: Vec<(usize, String)>,
    pub(super) public_items: usize,
    pub(super) undocumented: Vec<String>,
}

/// Adds the figures of one source, its test modules left out.
pub(super) fn measure(file: &Path, source: &str, figures: &mut Figures) -> Result<(), String> {
    let parsed = syn::parse_file(source).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut reader = Reader { file: file.display().to_string(), figures, test_lines: 0 };
    reader.visit_file(&parsed);
    let (file, lines) = (reader.file, source.lines().count() - reader.test_lines);
    figures.file_lines.push((lines, file));
    Ok(())
}

struct Reader<'a> {
    file: String,
    figures: &'a mut Figures,
    test_lines: usize,
}

impl Reader<'_> {
    fn function(&mut self, signature: &Signature, body: &Block, whole: Span) {
        let place = format!("{} fn {}", self.file, signature.ident);
        self.figures.function_lines.push((lines(whole), place.clone()));
        self.parameters(signature, &place);
        let mut depth = Depth::default();
        depth.visit_block(body);
        self.figures.nesting.push((depth.deepest, place));
    }

    fn parameters(&mut self, signature: &Signature, place: &str) {
        let own = usize::from(signature.receiver().is_some());
        self.figures.parameters.push((signature.inputs.len() - own, place.to_owned()));
    }

    fn item(&mut self, visibility: &Visibility, attributes: &[Attribute], name: &dyn std::fmt::Display) {
        if !matches!(visibility, Visibility::Public(_)) {
            return;
        }
        self.figures.public_items += 1;
        if !attributes.iter().any(|attribute| attribute.path().is_ident("doc")) {
            self.figures.undocumented.push(format!("{} {name}", self.file));
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if is_for_tests(&module.attrs) {
            self.test_lines += lines(module.span());
        } else {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.item(&item.vis, &item.attrs, &item.sig.ident);
        self.function(&item.sig, &item.block, span_of(&item.sig, &item.block));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.item(&item.vis, &item.attrs, &item.sig.ident);
        self.function(&item.sig, &item.block, span_of(&item.sig, &item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.parameters(&item.sig, &format!("{} fn {}", self.file, item.sig.ident));
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.item(&item.vis, &item.attrs, &item.ident);
        let methods = item.items.iter().filter(|item| matches!(item, syn::TraitItem::Fn(_))).count();
        self.figures.trait_methods.push((methods, format!("{} trait {}", self.file, item.ident)));
        visit::visit_item_trait(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.item(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.item(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.item(&item.vis, &item.attrs, &item.ident);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.item(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_const(self, item);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(name) = &field.ident {
            self.item(&field.vis, &field.attrs, name);
        }
    }
}

/// How deep conditions, matches and loops stand inside one another; an `else if` goes no deeper.
#[derive(Default)]
struct Depth {
    now: usize,
    deepest: usize,
}

impl Depth {
    fn inside(&mut self, visit: impl FnOnce(&mut Self)) {
        self.now += 1;
        self.deepest = self.deepest.max(self.now);
        visit(self);
        self.now -= 1;
    }
}

impl<'ast> Visit<'ast> for Depth {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::If(branch) => {
                self.inside(|depth| {
                    depth.visit_expr(&branch.cond);
                    depth.visit_block(&branch.then_branch);
                });
                match branch.else_branch.as_ref().map(|(_, other)| &**other) {
                    Some(other @ Expr::If(_)) => self.visit_expr(other),
                    Some(other) => self.inside(|depth| visit::visit_expr(depth, other)),
                    None => {}
                }
            }
            Expr::Match(_) | Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                self.inside(|depth| visit::visit_expr(depth, expr));
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

fn span_of(signature: &Signature, block: &Block) -> Span {
    signature.span().join(block.span()).unwrap_or_else(|| block.span())
}

fn lines(span: Span) -> usize {
    span.end().line + 1 - span.start().line
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(source: &str) -> Figures {
        let mut figures = Figures::default();
        measure(Path::new("a.rs"), source, &mut figures).unwrap();
        figures
    }

    #[test]
    fn lines_parameters_and_nesting_are_counted_and_tests_are_not() {
        let found = figures(
            "/// Doc.\npub fn f(a: u8, b: u8) {\n    if a > b {\n        for _ in 0..a {}\n    }\n}\n\
             #[cfg(test)]\nmod tests {\n    fn g() {}\n}\n",
        );
        assert_eq!(found.function_lines, [(5, "a.rs fn f".to_owned())]);
        assert_eq!(found.parameters[0].0, 2);
        assert_eq!(found.nesting[0].0, 2);
        assert_eq!(found.file_lines[0].0, 6);
        assert_eq!((found.public_items, found.undocumented.len()), (1, 0));
    }

    #[test]
    fn an_else_if_goes_no_deeper() {
        assert_eq!(
            figures("fn f(a: u8) { if a == 1 {} else if a == 2 {} else if a == 3 {} }").nesting[0].0,
            1
        );
    }

    #[test]
    fn undocumented_items_and_the_methods_of_a_trait_are_found() {
        let found = figures("pub trait T { fn a(&self); fn b(&self); }\npub struct S { pub x: u8 }");
        assert_eq!(found.trait_methods[0].0, 2);
        assert_eq!((found.public_items, found.undocumented.len()), (3, 3));
    }
}
