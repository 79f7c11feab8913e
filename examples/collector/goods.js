export const SHOES = [
  { id: 'cool-shoes', name: 'Cool Shoes', price: 79, text: 'The ones everybody asks about. Canvas, a rubber sole, and a colour that is seen from yonder.' },
  { id: 'far-runner', name: 'Far Runner', price: 119, text: 'Light over the first mile and soft over the last. The sole gives back what the road takes.' },
  { id: 'high-tide', name: 'High Tide', price: 95, text: 'A high top that keeps its laces out of puddles. Better with every year that it is worn.' },
  { id: 'long-way-boot', name: 'Long Way Boot', price: 169, text: 'For those who take the long way on purpose. Waxed leather, a tread that holds on wet stone.' },
  { id: 'homecoming-loafer', name: 'Homecoming Loafer', price: 139, text: 'Slip in, go home. Hand sewn, with a heel just high enough to be heard on the stairs.' },
  { id: 'low-road-sandal', name: 'Low Road Sandal', price: 59, text: 'Two straps, one buckle, the whole summer. The footbed takes your shape within a week.' },
];

export const PLANS = [
  { name: 'Walker', price: 0, text: 'News of new shoes, now and then.' },
  { name: 'Wanderer', price: 6, text: 'New soles once a year, and free returns.' },
  { name: 'Nomad', price: 14, text: 'New soles whenever you need them, wherever you are.' },
];

export function shoeNamed(id) {
  return SHOES.find((shoe) => shoe.id === id);
}
