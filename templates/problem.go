package templates

import (
	"io"
	"time"
)

// ProblemKind says what went wrong, in the person's words rather than the program's.
type ProblemKind int

// The kinds. The zero value is the one that promises least.
const (
	Internal       ProblemKind = iota
	NotFound                   // nothing is here
	NotAllowed                 // this person or browser may not
	BadRequest                 // what was sent makes no sense to us
	ExpiredRequest             // the authorization request is over or belongs to another browser
	Busy                       // try again in RetryAfter
)

var problemKeys = [...]struct{ title, message string }{
	Internal:       {"problem.internal.title", "problem.internal.message"},
	NotFound:       {"problem.not-found.title", "problem.not-found.message"},
	NotAllowed:     {"problem.not-allowed.title", "problem.not-allowed.message"},
	BadRequest:     {"problem.bad-request.title", "problem.bad-request.message"},
	ExpiredRequest: {"problem.expired.title", "problem.expired.message"},
	Busy:           {"problem.busy.title", "problem.busy.message"},
}

// TitleKey is the message key of the heading.
func (k ProblemKind) TitleKey() string { return problemKeys[k].title }

// MessageKey is the message key of the explanation.
func (k ProblemKind) MessageKey() string { return problemKeys[k].message }

// Problem is the one error page. The request id comes from the frame.
type Problem struct {
	Kind       ProblemKind
	Status     int           // the HTTP status, shown small
	RetryAfter time.Duration // for Busy
	BackURL    string        // hidden when empty
}

var problemPage = parsePage("problem")

// Render writes the page.
func (p Problem) Render(w io.Writer, f Frame) error { return problemPage.render(w, f, p) }
