package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:embed pages/*.html
var pageFiles embed.FS

// Frame is what every page and letter shares, whatever it is about.
type Frame struct {
	Lang      string // BCP 47, normally the answer of Language; anything else falls back to the nearest catalogue
	RequestID string // shown on the error page, so that a person can quote it
	Product   string // the installation's name; empty means "Vestibule"
}

// named returns the frame with the blanks filled in.
func (f Frame) named() Frame {
	if f.Product == "" {
		f.Product = "Vestibule"
	}
	return f
}

// view is what a template sees: the frame's fields, the page's own below .Page.
type view struct {
	Frame
	Page any
}

// page is one page's template in every language, by the catalogue's tag.
type page map[string]func() (*template.Template, error)

// parsePage reads pages/<name>.html into the layout, in each language when it is first shown: most of a process' languages
// and pages are not, and all of them parsed cost eight megabytes and a good part of the start. That each of them can be parsed is
// what the tests see to, since nobody can change them afterwards.
func parsePage(name string) page {
	p := page{}
	for tag, c := range catalogues {
		p[tag] = sync.OnceValues(func() (*template.Template, error) {
			return template.New(name).Funcs(c.functions()).
				ParseFS(pageFiles, "pages/layout.html", "pages/parts*.html", "pages/"+name+".html")
		})
	}
	return p
}

// render executes into a buffer first: a template that fails halfway has written nothing.
func (p page) render(w io.Writer, f Frame, data any) error {
	var out bytes.Buffer
	t, err := p[catalogueFor(f.Lang).tag]()
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	if err := t.ExecuteTemplate(&out, "layout", view{Frame: f.named(), Page: data}); err != nil {
		return fmt.Errorf("render page %s: %w", t.Name(), err)
	}
	_, err = out.WriteTo(w)
	return err
}
