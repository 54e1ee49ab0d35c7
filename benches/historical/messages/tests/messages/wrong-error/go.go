// The third of four steps fails with an error of another type than the others.
package main

import "os"

type refusal struct{}

func read() (string, *refusal) {
	return "", nil
}

func decode(body string) (int, *refusal) {
	return len(body), nil
}

func find(template int) ([]byte, error) {
	return os.ReadFile("/dev/null")
}

func draw(template []byte) ([]byte, *refusal) {
	return append(template, 1), nil
}

func answer() (int, *refusal) {
	body, err := read()
	if err != nil {
		return 0, err
	}
	asked, err := decode(body)
	if err != nil {
		return 0, err
	}
	template, err := find(asked)
	if err != nil {
		return 0, err
	}
	picture, err := draw(template)
	if err != nil {
		return 0, err
	}
	return len(picture), nil
}

func main() {
	_, _ = answer()
}
