// The AWS SDK for Go v2 as most programs use it: nothing but its environment tells it of a proxy.
//
//	go run plain_aws_sdk.go BUCKET
//
// prints one JSON line per step, as aws-sdk-js.mjs does.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

type failure struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

type result struct {
	Step  string   `json:"step"`
	Ok    bool     `json:"ok"`
	Value any      `json:"value,omitempty"`
	Error *failure `json:"error,omitempty"`
}

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	bucket := aws.String(os.Args[1])
	client := s3.NewFromConfig(cfg)
	put := func(key string, body []byte) func() (any, error) {
		return func() (any, error) {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(body)})
			return nil, err
		}
	}
	steps := []struct {
		name string
		act  func() (any, error)
	}{
		{"sts:GetCallerIdentity", func() (any, error) {
			out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			if err != nil {
				return nil, err
			}
			return *out.Account, nil
		}},
		{"s3:CreateBucket", func() (any, error) {
			_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
			return nil, err
		}},
		{"s3:PutObject buffer", put("buffer", bytes.Repeat([]byte("b"), 70_000))},
		{"s3:PutObject stream", put("stream", bytes.Repeat([]byte("s"), 70_000))},
		{"s3:GetObject", func() (any, error) {
			out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("buffer")})
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(out.Body)
			return len(body), err
		}},
	}
	for _, step := range steps {
		value, err := step.act()
		line := result{Step: step.name, Ok: err == nil, Value: value}
		if err != nil {
			line.Error = &failure{Name: "error", Message: err.Error()}
		}
		printed, _ := json.Marshal(line)
		fmt.Println(string(printed))
	}
}
