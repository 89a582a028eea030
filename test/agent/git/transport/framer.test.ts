// Answers cut out of a stream by framing alone, wherever the stream is broken into chunks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../../agent/git/pkt-line.ts';
import { AnswerTooLarge, createFramer } from '../../../../agent/git/transport/framer.ts';

const line = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from((payload.length + 4).toString(16).padStart(4, '0')), payload]);

const lines = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => line(Buffer.from(bytes))),
    fc
      .constantFrom('0001', '0002', '0004', '0008000')
      .map((text) => (text === '0008000' ? line(Buffer.from('0000')) : Buffer.from(text))),
  ),
  { maxLength: 20 },
);

describe('an answer', () => {
  it('ends at its flush, however the stream is cut', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 200 }), (parts, cuts) => {
        const whole = Buffer.concat([...parts, Buffer.from('0000')]);
        const framer = createFramer(whole.length);
        let at = 0;
        for (let turn = 0; at < whole.length; turn++) {
          const chunk = whole.subarray(at, at + (cuts[turn % cuts.length] ?? 1));
          at += chunk.length;
          expect(framer.push(chunk)).toBe(at === whole.length);
        }
        expect(framer.bytes()).toEqual(whole);
        expect(framer.isWhole).toBe(true);
      }),
    );
  });

  it('is refused with the first byte that is too many, and never kept beyond', () => {
    const framer = createFramer(10);
    expect(framer.push(Buffer.from('0010abcd'))).toBe(false);
    expect(() => framer.push(Buffer.from('efghijkl'))).toThrow(AnswerTooLarge);
    expect(framer.bytes().toString()).toBe('0010abcdef');
  });

  it.each(['0003', 'zzzz', '-001', ' 000', '0x10', 'PACK'])('with the head "%s" is not framed', (head) => {
    expect(() => createFramer(100).push(Buffer.from(head))).toThrow(ProtocolError);
  });

  it('that goes on after its flush is not what was asked for', () => {
    expect(() => createFramer(100).push(Buffer.from('00000004'))).toThrow(ProtocolError);
  });

  it.each(['00', '0008', '0008abc'])('that ends with "%s" is not whole', (text) => {
    const framer = createFramer(100);
    expect(framer.push(Buffer.from(text))).toBe(false);
    expect(framer.isWhole).toBe(false);
  });
});
