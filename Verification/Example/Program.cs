using Troupe.Actors;
using Troupe.Verification.Example;

// A box office with two clerks and a race between them: docs/guide.md, section 8, finds it with `./troupe verify app Verification/Example`.
await using var system = new ActorSystem();
var sold = new List<Sale>();
ActorRef<Sale> ledger = system.Spawn(new Ledger(sold), "ledger");
ActorRef<Order>[] clerks = BoxOffice.Open(system, seats: 100, ledger);
for (int customer = 0; customer < 120; customer++) clerks[customer % 2].Tell(new Order(customer));
foreach (ActorRef<Order> clerk in clerks) await clerk.StopAsync();
await ledger.StopAsync();
Console.WriteLine($"{sold.Count} sold, {sold.Select(sale => sale.Seat).Distinct().Count()} different seats");
