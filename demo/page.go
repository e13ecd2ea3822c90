package demo

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Both looks define their own page around the same parts: the parts carry the ids that
// tests and scripts look for. A template that does not parse stops the program at start.
var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// draw fills a buffer first, so that a failing template is a clean 500 and never half a
// page.
func draw(w http.ResponseWriter, log *slog.Logger, name string, status int, filled any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, filled); err != nil {
		log.Error("page not drawn", "template", name, "error", err)
		http.Error(w, "This page cannot be shown right now.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// The browser has gone when this fails; there is nobody left to tell.
	_, _ = page.WriteTo(w)
}
