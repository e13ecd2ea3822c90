package login

import (
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"

	"github.com/vestibule-id/vestibule/templates"
)

// quietZone is how many modules of white stand around a QR code (ISO/IEC 18004 §5.3.8).
const quietZone = 4

// qrPicture draws a text as a QR code. The picture is part of the page: a secret must not have a URL
// from which it could be fetched (SECURITY R10). The page around it says what it is.
func qrPicture(text string) (templates.Picture, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return "", fmt.Errorf("draw QR code: %w", err)
	}
	code.DisableBorder = true
	modules := code.Bitmap()
	size := len(modules) + 2*quietZone
	return templates.Picture(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges" aria-hidden="true" focusable="false">`+
		`<path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path fill="#000" d="%[2]s"/></svg>`, size, darkRuns(modules))), nil
}

// darkRuns is a path with one rectangle for each run of dark modules in a row.
func darkRuns(modules [][]bool) string {
	var path strings.Builder
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quietZone, y+quietZone, x-start, x-start)
			}
		}
	}
	return path.String()
}
