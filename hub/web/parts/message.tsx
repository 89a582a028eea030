// What the agent says. One line reads as a sentence; several lines are a diagnostic with a caret that has to stand
// under its column, so they keep their white space.
export function Message({ text }: { text: string }) {
  if (text === '') return null;
  return text.includes('\n') ? <pre class="diagnostic">{text}</pre> : <p class="message">{text}</p>;
}
