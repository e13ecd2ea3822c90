package demo

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// assetHashes names every asset after its content, so that browsers may keep it for ever.
var assetHashes = hashAssets()

func hashAssets() map[string]string {
	hashes := map[string]string{}
	files, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		panic(err) // cannot happen with an embedded folder
	}
	for _, file := range files {
		content, err := assetFiles.ReadFile("assets/" + file.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		hashes[file.Name()] = hex.EncodeToString(sum[:6])
	}
	return hashes
}

// assetPath is where a page finds an asset.
func assetPath(name string) string { return "/assets/" + assetHashes[name] + "/" + name }

// assets serves /assets/{hash}/{name}.
func assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		content, err := assetFiles.ReadFile("assets/" + name)
		if err != nil || strings.TrimSuffix(r.URL.Path, "/") != assetPath(name) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
