package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets/*
var assetFiles embed.FS

// asset is one file under the name that changes with its content, so that browsers may keep it for ever.
type asset struct {
	path        string // /assets/style.1a2b3c4d5e6f.css
	contentType string
	content     []byte
}

// assets holds every file by its plain name.
var assets = loadAssets(map[string]string{
	"style.css": "text/css; charset=utf-8",
	"script.js": "text/javascript; charset=utf-8",
	"mark.svg":  "image/svg+xml",
})

func loadAssets(types map[string]string) map[string]asset {
	all := map[string]asset{}
	for name, contentType := range types {
		content, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			panic(fmt.Sprintf("embedded asset: %v", err))
		}
		all[name] = asset{hashedPath(name, content), contentType, content}
	}
	return all
}

// hashedPath puts the beginning of the content's SHA-256 between name and extension.
func hashedPath(name string, content []byte) string {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	return "/assets/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// assetPath is what pages link to.
func assetPath(name string) (string, error) {
	a, ok := assets[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return a.path, nil
}

// Assets serves the stylesheet, the script and the mark below /assets/, each under its hashed name only, to be cached for
// a year. Everything else below that path is not found.
func Assets() http.Handler {
	byPath := map[string]asset{}
	for _, a := range assets {
		byPath[a.path] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		a, ok := byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", a.contentType)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
	})
}
