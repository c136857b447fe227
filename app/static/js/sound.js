// The sound test of the waiting page: two soft notes, made here, so that nothing is fetched.
const button = document.querySelector("[data-sound]");

button?.addEventListener("click", () => {
  const audio = new AudioContext();
  [[392, 0], [523.25, 0.35]].forEach(([pitch, at]) => {
    const note = audio.createOscillator();
    const loudness = audio.createGain();
    const start = audio.currentTime + at;
    note.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.2, start + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.7);
    note.connect(loudness).connect(audio.destination);
    note.start(start);
    note.stop(start + 0.75);
  });
  document.getElementById("said").textContent = button.dataset.sound;
  document.getElementById("sound-said").textContent = button.dataset.sound;
  setTimeout(() => audio.close(), 2000);
});
