-- How many more messages of a template somebody takes by WeChat (订阅消息): one consent, one message.
CREATE TABLE wechat_subscriptions (
    account_id  TEXT      NOT NULL REFERENCES accounts (id),
    -- WeChat's id of the template: the consent is to it, whatever kinds of message it says.
    template_id TEXT      NOT NULL,
    remaining   BIGINT    NOT NULL CHECK (remaining >= 0),
    changed_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, template_id)
);
