package wechat

// What the tests hold against each other.

// QuickXML is the purpose-made reader; nil means that it leaves the document alone.
func QuickXML(body []byte, textLimit int) *Element { return quickXML(string(body), textLimit) }

// FullXML is the reader over encoding/xml.
func FullXML(body []byte, textLimit int) (*Element, error) { return fullXML(body, textLimit) }

// TextLimit is the longest text of a message.
const TextLimit = maxTextBytes
