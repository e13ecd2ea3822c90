package vestibule_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/vestibule-id/vestibule"

// folder is one package of this module, without its tests.
type folder struct {
	Path  string // "cmd/vestibule"; "." for the root
	Name  string
	Deps  []string // everything the package is built from
	Files []file
}

// file is one parsed source file that is neither a test nor generated.
type file struct {
	Path  string // "identity/totp.go"
	Lines int
	AST   *ast.File
	set   *token.FileSet
}

// lines counts the lines from the first to the last of a node.
func (f file) lines(n ast.Node) int {
	return f.set.Position(n.End()).Line - f.set.Position(n.Pos()).Line + 1
}

// imports returns the import paths of the file.
func (f file) imports() []string {
	var list []string
	for _, spec := range f.AST.Imports {
		list = append(list, strings.Trim(spec.Path.Value, `"`))
	}
	return list
}

// house returns all packages; they are read once.
func house(t *testing.T) []folder {
	t.Helper()
	folders, err := readHouse()
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

var readHouse = sync.OnceValues(func() ([]folder, error) {
	// -e: a package that does not compile is not this test's business.
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Name,GoFiles,Deps", "./...").Output()
	if err != nil {
		return nil, err
	}
	var folders []folder
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir, Name string
			GoFiles, Deps         []string
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return folders, nil
		} else if err != nil {
			return nil, err
		}
		if len(listed.GoFiles) == 0 {
			continue
		}
		f := folder{Path: own(listed.ImportPath), Name: listed.Name, Deps: listed.Deps}
		for _, name := range listed.GoFiles {
			parsed, err := parse(listed.Dir, f.Path, name)
			if err != nil {
				return nil, err
			}
			if !ast.IsGenerated(parsed.AST) {
				f.Files = append(f.Files, parsed)
			}
		}
		folders = append(folders, f)
	}
})

func parse(dir, folder, name string) (file, error) {
	f := file{Path: path.Join(folder, name), set: token.NewFileSet()}
	var err error
	f.AST, err = parser.ParseFile(f.set, filepath.Join(dir, name), nil, parser.ParseComments)
	if err == nil {
		f.Lines = f.set.File(f.AST.FileStart).LineCount()
	}
	return f, err
}

// own turns an import path of this module into a folder; others stay as they are.
func own(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// within reports whether a path is the folder or below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
