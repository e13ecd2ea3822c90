package templates

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"unicode"
)

//go:embed catalogues
var catalogueFiles embed.FS

// catalogue holds the messages of one language by key. A message names what is filled in in braces: "Hello {name}".
type catalogue struct {
	tag      string
	messages map[string]string
}

var catalogues = loadCatalogues()

func loadCatalogues() map[string]catalogue {
	all := map[string]catalogue{}
	for _, tag := range offered {
		c, err := loadCatalogue(tag.String())
		if err != nil {
			panic(fmt.Sprintf("message catalogue %s: %v", tag, err))
		}
		all[c.tag] = c
	}
	return all
}

// loadCatalogue reads every file of a language: one for each subject, so that what belongs together is read together.
func loadCatalogue(tag string) (catalogue, error) {
	c := catalogue{tag: tag, messages: map[string]string{}}
	files, err := fs.Glob(catalogueFiles, "catalogues/"+tag+"/*.json")
	if err == nil && len(files) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return c, err
	}
	for _, file := range files {
		text, err := catalogueFiles.ReadFile(file)
		if err != nil {
			return c, err
		}
		messages := map[string]string{}
		if err := json.Unmarshal(text, &messages); err != nil {
			return c, fmt.Errorf("%s: %w", file, err)
		}
		for key, message := range messages {
			if _, twice := c.messages[key]; twice {
				return c, fmt.Errorf("%s: %q is in another file already", file, key)
			}
			c.messages[key] = message
		}
	}
	return c, nil
}

// catalogueFor finds the catalogue nearest to a language; it never fails.
func catalogueFor(lang string) catalogue {
	if c, ok := catalogues[lang]; ok {
		return c
	}
	return catalogues[Language("", lang)]
}

// functions is what templates may call. They belong to one language, so a template never passes one around.
func (c catalogue) functions() template.FuncMap {
	return template.FuncMap{
		"lang":      func() string { return c.tag },
		"dir":       func() string { return direction(c.tag) },
		"t":         c.text,
		"rich":      c.rich,
		"moment":    c.moment,
		"timestamp": c.timestamp,
		"duration":  c.duration,
		"asset":     assetPath,
		"groups":    groupsOfFour,
		"otpauth":   otpauthURL,
		"download":  download,
	}
}

// text is the message for key with its placeholders filled: text "greeting" "name" "Ada".
func (c catalogue) text(key string, pairs ...any) (string, error) {
	return c.fill(key, pairs, func(s string) string { return s }, func(v any) string { return oneLine(fmt.Sprint(v)) })
}

// rich is text as HTML with the filled-in values emphasised. Values are escaped unless they are HTML of our own making
// (a time element), and isolated from the direction of the text around them.
func (c catalogue) rich(key string, pairs ...any) (template.HTML, error) {
	s, err := c.fill(key, pairs, template.HTMLEscapeString, func(v any) string {
		if own, ok := v.(template.HTML); ok {
			return string(own)
		}
		return "<strong><bdi>" + template.HTMLEscapeString(oneLine(fmt.Sprint(v))) + "</bdi></strong>"
	})
	return template.HTML(s), err // both halves are escaped above
}

// fill walks the message once, so that a value which looks like a placeholder stays what it is. An unknown key or a
// placeholder without a value is an error: better no page than one that shows braces.
func (c catalogue) fill(key string, pairs []any, literal func(string) string, value func(any) string) (string, error) {
	rest, ok := c.messages[key]
	if !ok {
		return "", fmt.Errorf("catalogue %s has no message %q", c.tag, key)
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(rest, "{")
		out.WriteString(literal(before))
		if !found {
			return out.String(), nil
		}
		name, tail, _ := strings.Cut(after, "}")
		v, ok := lookUp(pairs, name)
		if !ok {
			return "", fmt.Errorf("message %q in catalogue %s: no value for {%s}", key, c.tag, name)
		}
		out.WriteString(value(v))
		rest = tail
	}
}

// lookUp finds the value that follows name in a list of pairs.
func lookUp(pairs []any, name string) (any, bool) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1], true
		}
	}
	return nil, false
}

// oneLine keeps a name from breaking out of its line: a line break could forge a mail header or a paragraph of a letter,
// and a direction override could show an address backwards.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
