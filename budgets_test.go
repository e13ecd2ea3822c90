package vestibule_test

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	longestFunction = 80
	longestFile     = 400
	mostInterfaces  = 5
)

// excused are functions ("login/page.go: Show") and files over budget, with the
// reason. An excuse nobody needs any more is an error, too.
var excused = map[string]string{}

func TestFunctionsAndFilesFitOnAScreenOrTwo(t *testing.T) {
	var functions, files []int
	used := map[string]bool{}
	over := func(what string, length, limit int) {
		if length <= limit {
			return
		}
		used[what] = true
		if excused[what] == "" {
			t.Errorf("%s has %d lines, the limit is %d: split it, or say in the table of excuses why not", what, length, limit)
		}
	}
	for _, f := range house(t) {
		for _, source := range f.Files {
			files = append(files, source.Lines)
			over(source.Path, source.Lines, longestFile)
			for _, declaration := range source.AST.Decls {
				if function, ok := declaration.(*ast.FuncDecl); ok {
					length := source.lines(function)
					functions = append(functions, length)
					over(source.Path+": "+function.Name.Name, length, longestFunction)
				}
			}
		}
	}
	for what := range excused {
		if !used[what] {
			t.Errorf("%s is excused but within its budget", what)
		}
	}
	t.Logf("functions: median %d, nine in ten at most %d, longest %d", at(functions, 0.5), at(functions, 0.9), at(functions, 1))
	t.Logf("files: median %d, longest %d", at(files, 0.5), at(files, 1))
	if median := at(functions, 0.5); median > 12 {
		t.Errorf("the median function has %d lines, the aim is 12", median)
	}
}

// at returns the value below which that share of the numbers lies.
func at(numbers []int, share float64) int {
	if len(numbers) == 0 {
		return 0
	}
	slices.Sort(numbers)
	return numbers[int(share*float64(len(numbers)-1))]
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, f := range house(t) {
		for _, source := range f.Files {
			for _, declaration := range source.AST.Decls {
				for _, name := range undocumented(declaration) {
					t.Errorf("%s: %s has no comment", source.set.Position(name.Pos()), name.Name)
				}
			}
		}
	}
}

// undocumented returns the exported names of a declaration without a comment. The
// comment above a group speaks for the whole group, one behind a name for that name.
func undocumented(declaration ast.Decl) []*ast.Ident {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		if d.Doc != nil || d.Tok == token.IMPORT {
			return nil
		}
		var names []*ast.Ident
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Doc == nil && s.Comment == nil {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				if s.Doc == nil && s.Comment == nil {
					names = append(names, s.Names...)
				}
			}
		}
		return slices.DeleteFunc(names, func(n *ast.Ident) bool { return !n.IsExported() })
	}
	return nil
}

// exportedReceiver is true for functions, and for methods of exported types.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

func TestThereAreFewInterfaces(t *testing.T) {
	var found []string
	for _, f := range house(t) {
		for _, source := range f.Files {
			ast.Inspect(source.AST, func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok {
					if i, ok := spec.Type.(*ast.InterfaceType); ok && hasMethods(i) {
						found = append(found, source.Path+": "+spec.Name.Name)
					}
				}
				return true
			})
		}
	}
	if len(found) > mostInterfaces {
		t.Errorf("%d interfaces, the limit is %d: an interface needs a second implementation that exists today\n%s",
			len(found), mostInterfaces, strings.Join(found, "\n"))
	}
}

// hasMethods is false for constraints like ~string | ~int.
func hasMethods(i *ast.InterfaceType) bool {
	return slices.ContainsFunc(i.Methods.List, func(f *ast.Field) bool { return len(f.Names) > 0 })
}

// emptyWords name no subject; a package or type called so collects whatever has no home.
var emptyWords = regexp.MustCompile(`(?i)^(utils?|common|helpers?|managers?|services?|impl|misc|internal|base)$`)

// emptyEndings are the same words at the end of a type's name.
var emptyEndings = regexp.MustCompile(`(Utils?|Common|Helper|Manager|Service|Impl)$`)

func TestNamesAreTheFieldsWords(t *testing.T) {
	for _, f := range house(t) {
		for _, part := range slices.Compact(append(strings.Split(f.Path, "/"), f.Name)) {
			if emptyWords.MatchString(part) {
				t.Errorf("package %s: %q says nothing about its subject", f.Path, part)
			}
		}
		for _, source := range f.Files {
			ast.Inspect(source.AST, func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok && emptyEndings.MatchString(spec.Name.Name) {
					t.Errorf("%s: type %s says nothing about its subject", source.set.Position(n.Pos()), spec.Name.Name)
				}
				return true
			})
		}
	}
}

func TestEveryPackageSaysWhatItIsInDocGo(t *testing.T) {
	for _, f := range house(t) {
		ok := slices.ContainsFunc(f.Files, func(source file) bool {
			return path.Base(source.Path) == "doc.go" && source.AST.Doc != nil
		})
		if !ok {
			t.Errorf("%s has no doc.go with a package comment", f.Path)
		}
	}
}
