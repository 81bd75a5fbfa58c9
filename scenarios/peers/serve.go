package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
	"github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/sirupsen/logrus"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite"
)

// serveCommand makes this program one of the peers. Its settings are in the environment:
// peerListen, peerMySQL, peerRedis, peerFile.
const serveCommand = "serve"

const (
	peerListen = "PEERS_LISTEN"
	peerMySQL  = "PEERS_MYSQL"
	peerRedis  = "PEERS_REDIS"
	peerFile   = "PEERS_FILE"
)

// The peers that this program is.
const (
	peerEcho   = "echo"   // Echo alone: a constant answer
	peerSDK    = "sdk"    // the SDK's handler without any storage
	peerUsual  = "usual"  // the SDK with Redis and gorm, as handlers are usually written
	peerByHand = "byhand" // the SDK with one INSERT and one SETNX

	peerByHandFile = "byhand-sqlite" // the SDK with one INSERT into a file
)

// pool is how many connections the storing peers have.
const pool = 64

// keep stores a message before it is answered. duplicate says that another try has it.
type keep func(ctx context.Context, m *message.MixMessage, answer string) (duplicate bool, err error)

func serve(ctx context.Context, peer string) error {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	handle := constant
	if peer != peerEcho {
		store := keep(func(context.Context, *message.MixMessage, string) (bool, error) { return false, nil })
		var err error
		switch peer {
		case peerSDK:
		case peerUsual:
			store, err = usual()
		case peerByHand:
			store, err = byHand(ctx)
		case peerByHandFile:
			store, err = byHandFile(ctx)
		default:
			err = fmt.Errorf("no peer %q", peer)
		}
		if err != nil {
			return err
		}
		handle = withSDK(store)
	}
	e.POST("/wechat/demo", handle)
	e.GET("/healthz", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	go func() {
		<-ctx.Done()
		e.Close()
	}()
	if err := e.Start(os.Getenv(peerListen)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// constant answers with as many bytes as a reply has.
func constant(c echo.Context) error {
	if _, err := c.Request().Body.Read(make([]byte, 4096)); err != nil && err.Error() != "EOF" {
		return err
	}
	return c.XMLBlob(http.StatusOK, echoReply)
}

var echoReply = []byte("<xml><Encrypt><![CDATA[" + strings.Repeat("x", 450) + "]]></Encrypt><MsgSignature>" + strings.Repeat("0", 40) +
	"</MsgSignature><TimeStamp>1500000000</TimeStamp><Nonce>1320562132</Nonce></xml>")

// withSDK answers keywords by the SDK's handler.
func withSDK(store keep) echo.HandlerFunc {
	logrus.SetLevel(logrus.ErrorLevel) // the SDK logs each message otherwise
	account := wechat.NewWechat().GetOfficialAccount(&config.Config{
		AppID: appID, AppSecret: secret, Token: token, EncodingAESKey: aesKey, Cache: cache.NewMemory(),
	})
	return func(c echo.Context) error { return answer(c, account, store) }
}

func answer(c echo.Context, account *officialaccount.OfficialAccount, store keep) error {
	server := account.GetServer(c.Request(), c.Response().Writer)
	var failed error
	server.SetMessageHandler(func(m *message.MixMessage) *message.Reply {
		text := "您好，请问有什么可以帮您？回复“套餐”了解最新优惠，回复“流量”查询剩余流量。"
		if strings.Contains(m.Content, hit) {
			text = answerHit
		}
		if _, err := store(c.Request().Context(), m, text); err != nil {
			failed = err
		}
		return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText(text)}
	})
	if err := server.Serve(); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return server.Send()
}

// row is the log row of the usual handler.
type row struct {
	ID        int64 `gorm:"primaryKey"`
	OpenID    string
	MsgID     string
	Content   string
	Answer    string
	CreatedAt time.Time
}

// TableName implements gorm's Tabler.
func (row) TableName() string { return table }

const table = "peer_log"

const createTable = "CREATE TABLE " + table + " (id BIGINT AUTO_INCREMENT PRIMARY KEY, open_id VARCHAR(64) NOT NULL, msg_id VARCHAR(64) NOT NULL, " +
	"content TEXT NOT NULL, answer TEXT NOT NULL, created_at DATETIME(3) NOT NULL)"

// usual is EXISTS, SET and a transaction with one INSERT, in three packages that are
// usually used.
func usual() (keep, error) {
	db, err := gorm.Open(mysql.Open(os.Getenv(peerMySQL)), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	plain, err := db.DB()
	if err != nil {
		return nil, err
	}
	plain.SetMaxOpenConns(pool)
	plain.SetMaxIdleConns(pool)
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv(peerRedis), PoolSize: pool})
	return func(ctx context.Context, m *message.MixMessage, answer string) (bool, error) {
		id := strconv.FormatInt(m.MsgID, 10)
		key := "peers:usual:" + id
		if n, err := rdb.Exists(ctx, key).Result(); err != nil || n > 0 {
			return n > 0, err
		}
		if err := rdb.Set(ctx, key, "1", time.Minute).Err(); err != nil {
			return false, err
		}
		return false, db.WithContext(ctx).Create(&row{OpenID: string(m.FromUserName), MsgID: id, Content: m.Content, Answer: answer}).Error
	}, nil
}

// byHand is one SETNX and one INSERT, in one round trip each.
func byHand(ctx context.Context) (keep, error) {
	db, err := sql.Open("mysql", os.Getenv(peerMySQL)+"&interpolateParams=true")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	if err := db.PingContext(ctx); err != nil {
		return nil, err
	}
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv(peerRedis), PoolSize: pool})
	return func(ctx context.Context, m *message.MixMessage, answer string) (bool, error) {
		id := strconv.FormatInt(m.MsgID, 10)
		fresh, err := rdb.SetNX(ctx, "peers:byhand:"+id, "1", time.Minute).Result()
		if err != nil || !fresh {
			return !fresh, err
		}
		_, err = db.ExecContext(ctx, insert, string(m.FromUserName), id, m.Content, answer, time.Now())
		return false, err
	}, nil
}

const insert = "INSERT INTO " + table + " (open_id, msg_id, content, answer, created_at) VALUES (?, ?, ?, ?, ?)"

// byHandFile is one INSERT into a SQLite file that is synced at each commit, as that of
// oaserver is.
func byHandFile(ctx context.Context) (keep, error) {
	db, err := sql.Open("sqlite", "file:"+os.Getenv(peerFile)+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, strings.Replace(createTable, "BIGINT AUTO_INCREMENT PRIMARY KEY", "INTEGER PRIMARY KEY", 1)); err != nil {
		return nil, err
	}
	return func(ctx context.Context, m *message.MixMessage, answer string) (bool, error) {
		_, err := db.ExecContext(ctx, insert, string(m.FromUserName), strconv.FormatInt(m.MsgID, 10), m.Content, answer, time.Now())
		return false, err
	}, nil
}
