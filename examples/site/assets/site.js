const stock = document.getElementById('stock');
if (stock) {
  fetch(stock.dataset.source)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
    .then((counted) => {
      stock.textContent = `${counted.lamps} lamps on the shelf.`;
    })
    .catch(() => {
      stock.textContent = 'We cannot see the shelf right now.';
    });
}
