package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
)

// RefusedLine is a line of an import that was left out.
type RefusedLine struct {
	Line    int    `json:"line"`            // counting from 1
	Email   string `json:"email,omitempty"` // empty where it could not be read
	Problem string `json:"problem"`
	Text    []byte `json:"-"` // the line itself; it may hold a hash and a secret
}

// Imported is what an import did, or would have done.
type Imported struct {
	Lines     int           `json:"lines"` // that say something
	Added     int           `json:"added"`
	Changed   int           `json:"changed"`
	Unchanged int           `json:"unchanged"` // who were there already, as the line says
	Refused   []RefusedLine `json:"refused"`
	Notes     []string      `json:"notes,omitempty"`
	Effects   Effects       `json:"effects"`
}

// ImportProgress is told after each batch how far an import has come.
type ImportProgress func(bytesRead int64, soFar Imported)

// Bounds of an import. A batch is one transaction: small enough that others get their turn, and large enough that an account
// with thousands of members is not looked through for each of them.
const (
	importBatch = 100
	longestLine = 64 << 10
)

var errLineTooLong = fmt.Errorf("the line is too long: %d bytes are the most", longestLine)

// importLine is one person of the file.
type importLine struct {
	number int
	text   []byte
	person FilePerson
}

// Import takes people over from another system, one JSON object per line, with the fields of a person in a file for [Admin.Apply]. A line that
// cannot be taken is reported, and the others go on. What is there already stays: a second run does what the first one has left, so
// that an import that was interrupted is simply run again. Weak hashes are stored inside sound ones, see [identity.Hasher.Adopt].
func (a *Admin) Import(ctx context.Context, file io.Reader, dryRun bool, progress ImportProgress) (Imported, error) {
	run := importing{Admin: a, dryRun: dryRun, seen: map[string]int{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 4<<10), longestLine)
	lines.Split(beginnings())
	var read int64
	for number := 1; lines.Scan(); number++ {
		read += int64(len(lines.Bytes())) + 1
		run.read(number, lines.Bytes())
		if len(run.batch) < importBatch {
			continue
		}
		if err := run.flush(ctx); err != nil {
			return run.result, err
		}
		progress(read, run.result)
	}
	if err := lines.Err(); err != nil {
		return run.result, fmt.Errorf("after line %d: %w", run.last, err)
	}
	err := run.flush(ctx)
	progress(read, run.result)
	return run.result, err
}

// beginnings returns lines as [bufio.ScanLines] does, and of one that is too long the beginning alone, where that would give up.
func beginnings() bufio.SplitFunc {
	skipping := false
	return func(data []byte, atEOF bool) (int, []byte, error) {
		end := bytes.IndexByte(data, '\n')
		switch {
		case skipping && end < 0:
			return len(data), nil, nil
		case skipping:
			skipping = false
			return end + 1, nil, nil
		case end < 0 && len(data) >= longestLine:
			skipping = true
			return len(data), data, nil
		}
		return bufio.ScanLines(data, atEOF)
	}
}

// importing is one run over a file.
type importing struct {
	*Admin
	dryRun bool
	seen   map[string]int // the line of each address
	last   int
	batch  []importLine
	result Imported
}

// read puts a line into the batch, or refuses it. Empty lines say nothing.
func (r *importing) read(number int, text []byte) {
	r.last = number
	tooLong := len(text) >= longestLine
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if len(text) == 0 {
		return
	}
	r.result.Lines++
	line := importLine{number: number, text: bytes.Clone(text)}
	err := errLineTooLong
	if !tooLong {
		err = line.parse()
	}
	if err == nil && r.seen[line.person.Email] > 0 {
		err = fmt.Errorf("%s is there twice, first in line %d", line.person.Email, r.seen[line.person.Email])
	}
	if err != nil {
		r.refuse(line, err)
		return
	}
	r.seen[line.person.Email] = number
	r.batch = append(r.batch, line)
}

// parse refuses fields it does not know: a slip of the hand must not cost people their second factor.
func (l *importLine) parse() error {
	decoder := json.NewDecoder(bytes.NewReader(l.text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l.person); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one object in the line")
	}
	l.person.imported = true
	return l.person.validate()
}

func (r *importing) refuse(l importLine, err error) {
	problem := strings.TrimPrefix(err.Error(), "people: "+l.person.Email+": ")
	r.result.Refused = append(r.result.Refused, RefusedLine{l.number, l.person.Email, problem, l.text})
}

// flush brings the batch about in one transaction. If something in it is refused, each line is tried alone.
func (r *importing) flush(ctx context.Context) error {
	batch := r.batch
	r.batch = nil
	if len(batch) == 0 {
		return nil
	}
	applied, err := r.apply(ctx, batch)
	if err == nil {
		r.count(batch, applied)
		return nil
	}
	if !ofTheLine(err) {
		return err
	}
	for _, line := range batch {
		applied, err := r.apply(ctx, []importLine{line})
		switch {
		case err == nil:
			r.count([]importLine{line}, applied)
		case ofTheLine(err):
			r.refuse(line, err)
		default:
			return err
		}
	}
	return nil
}

func (r *importing) apply(ctx context.Context, lines []importLine) (Applied, error) {
	var f File
	for _, l := range lines {
		f.People = append(f.People, l.person)
	}
	return r.Apply(ctx, f, r.dryRun)
}

// ofTheLine tells what is wrong with a line from what is wrong with us.
func ofTheLine(err error) bool {
	var refusal *Refusal
	var password *identity.PasswordRefusal
	return errors.As(err, &refusal) || errors.As(err, &password)
}

// count sums up a batch that was taken.
func (r *importing) count(batch []importLine, applied Applied) {
	touched, added := map[string]bool{}, 0
	for _, d := range applied.Differences {
		email, _, _ := strings.Cut(d.Name, " in ")
		touched[email] = true
		if d.Kind == "person" && d.New {
			added++
		}
	}
	r.result.Added += added
	r.result.Changed += len(touched) - added
	r.result.Unchanged += len(batch) - len(touched)
	r.result.Notes = append(r.result.Notes, applied.Notes...)
	r.result.Effects.add(applied.Effects)
}
