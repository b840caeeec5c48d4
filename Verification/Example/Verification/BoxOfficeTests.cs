namespace Troupe.Verification.Example;

public sealed class BoxOfficeTests(ITestOutputHelper output)
{
    [Fact]
    public void No_seat_is_sold_twice() => Interleavings.Hold(output, CoyoteActorHost.Run(system =>
    {
        var sold = new List<Sale>();
        ActorRef<Order>[] clerks = BoxOffice.Open(system, seats: 3, system.Spawn(new Ledger(sold), "ledger"));
        clerks[0].Tell(new Order(Customer: 1));
        clerks[1].Tell(new Order(Customer: 2));
        return () => Assert.Equal(2, sold.Select(sale => sale.Seat).Distinct().Count());
    }));
}
