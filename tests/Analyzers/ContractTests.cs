namespace Troupe.Analyzers.Tests;

/// <summary>TRP0013 and TRP0014. Snippets compile without DEBUG: the rule judges a line that only debug builds run.</summary>
public sealed class ContractTests
{
    private const string Surroundings = """
        public enum State { Empty, Open, Paid, Gone }
        public enum Step { Add, Pay, Ship, Refuse, Forget }
        public static class Order
        {
            public static Contract<State, Step> Instance { get; } =
                new Contract<State, Step>("order", State.Empty)
                    .Party("customer", Step.Add, Step.Pay, Step.Forget)
                    .Party("shop", Step.Ship, Step.Refuse)
                    .Permit(State.Empty, Step.Add, State.Open)
                    .Allow(State.Open, Step.Add, Step.Refuse)
                    .Permit(State.Open, Step.Pay, State.Paid)
                    .Permit(State.Paid, Step.Ship, State.Gone)
                    .Allow(State.Gone, Step.Forget);
        }
        public sealed record Basket(string Customer) { public int Count; public int Total { get; set; } }
        public class Leaky { public static readonly List<Leaky> All = []; public Leaky() => All.Add(this); }
        public class Quiet { private readonly List<int> _items = [1]; public void Touch() => _items.Clear(); }
        public sealed class Louder : Leaky;
        public sealed class Ring { public object Stone = new(); }
        """;

    private static string Member(string member) => $$"""
        public sealed class Subject(object primary)
        {
            private readonly object _kept = primary;
            private object _changed = primary;
            private static readonly object _one = new();
            public object Get() => _changed = primary;
            public static void Other(object conversation) { }
            public static Task OtherAsync() => Task.CompletedTask;
            {{member}}
        }
        """;

    private static string Chain(string chain) => $$"""
        public static class Subject
        {
            public static readonly Contract<State, Step> Of = {{chain}};
        }
        """;

    [Theory]
    // A conversation that this method makes is where the method left it.
    [InlineData("void F() { var x = new Basket(\"Ada\"); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("void F() { var x = new object(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("void F() { object x = new Quiet(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, [|Step.Forget|]); }")]
    [InlineData("void F(bool b) { var x = new Quiet(); if (b) Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("void F(bool b) { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); if (b) Order.Instance.Observe(x, Step.Pay); else Order.Instance.Observe(x, Step.Refuse); Order.Instance.Observe(x, [|Step.Forget|]); }")]
    [InlineData("void F(bool b) { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Pay); while (b) Order.Instance.Observe(x, [|Step.Add|]); }")]
    [InlineData("void F(bool b) { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); do Order.Instance.Observe(x, Step.Add); while (b); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("void F(int n) { for (int i = 0; i < n; i++) { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, [|Step.Ship|]); } }")]
    [InlineData("void F() { object x; x = new Quiet(); Order.Instance.Observe(x, [|Step.Pay|]); }")]
    [InlineData("async Task F() { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); await OtherAsync(); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("void F() { var x = new Basket(\"Ada\"); x.Count = 3; Other(x.Count); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("void F(int n) { var x = new Quiet(); switch (n) { case 1: Order.Instance.Observe(x, Step.Add); break; case 2: Order.Instance.Observe(x, [|Step.Pay|]); break; } }")]
    [InlineData("void F() { var x = new Quiet(); try { Order.Instance.Observe(x, [|Step.Pay|]); } finally { Other(1); } }")]
    [InlineData("Action F() => () => { var x = new Quiet(); Order.Instance.Observe(x, [|Step.Pay|]); };")]
    [InlineData("void F() { L(); static void L() { var x = new Quiet(); Order.Instance.Observe(x, [|Step.Pay|]); } }")]
    [InlineData("int F { get { var x = new Quiet(); Order.Instance.Observe(x, [|Step.Pay|]); return 1; } }")]
    [InlineData("void F() { var x = new Quiet(); Order.Instance.Observe(x, (Step)0); Order.Instance.Observe(message: [|Step.Ship|], conversation: x); }")]
    [InlineData("void F() { var x = new Quiet(); var y = new Quiet(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(y, [|Step.Pay|]); }")]
    // One that others know is anywhere the contract leads to from there, but nowhere else.
    [InlineData("void F() { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Pay); x.Touch(); Order.Instance.Observe(x, [|Step.Add|]); }")]
    [InlineData("void F(object x) { Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(x, [|Step.Add|]); }")]
    [InlineData("void F(object x) { Order.Instance.Observe(x, Step.Ship); Other(x); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("async Task F(Basket x) { Order.Instance.Observe(x, Step.Ship); await OtherAsync(); Order.Instance.Observe(x, [|Step.Refuse|]); }")]
    [InlineData("void F() { Order.Instance.Observe(this, Step.Pay); Get(); Order.Instance.Observe(this, [|Step.Pay|]); }")]
    [InlineData("void F() { Order.Instance.Observe(_kept, Step.Pay); Get(); Order.Instance.Observe(_kept, [|Step.Pay|]); }")]
    [InlineData("void F() { Order.Instance.Observe(_one, Step.Pay); Order.Instance.Observe(_one, [|Step.Refuse|]); }")]
    [InlineData("void F() { var x = Get(); Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(x, [|Step.Pay|]); }")]
    [InlineData("void F(object x, Step s) { Order.Instance.Observe(x, Step.Ship); Order.Instance.Observe(x, s); Order.Instance.Observe(x, [|Step.Ship|]); }")]
    [InlineData("void F(List<Basket> all) { foreach (Basket x in all) { Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(x, [|Step.Add|]); } }")]
    [InlineData("void F(object x) { try { Order.Instance.Observe(x, Step.Pay); } finally { Other(x); } Order.Instance.Observe(x, [|Step.Add|]); }")]
    [InlineData("Action<object> F() => static x => { Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(x, [|Step.Add|]); };")]
    [InlineData("Action F(object x) => () => { Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(x, [|Step.Add|]); };")]
    [InlineData("void F(object x) { Order.Instance.Observe(x, Step.Pay); if (x is string) return; Order.Instance.Observe(x, [|Step.Add|]); }")]
    public Task LeavesTheContract(string member) => new Case(Member(member), "TRP0013", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("void F() { var x = new Basket(\"Ada\"); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(x, Step.Ship); Order.Instance.Observe(x, Step.Forget); }")]
    [InlineData("void F(bool b) { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); if (b) Order.Instance.Observe(x, Step.Pay); if (b) Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F(bool b) { var x = new Quiet(); while (b) { Order.Instance.Observe(x, b ? Step.Add : Step.Pay); Order.Instance.Observe(x, Step.Ship); } }")]
    [InlineData("void F(bool b) { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); do Order.Instance.Observe(x, Step.Add); while (b); Order.Instance.Observe(x, Step.Pay); }")]
    [InlineData("void F(int n) { for (int i = 0; i < n; i++) { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Pay); } }")]
    // Somebody else may have observed in between, or before.
    [InlineData("void F() { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); Other(x); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new Quiet(); x.Touch(); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new Basket(\"Ada\"); Other(x.Total); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new Quiet(); _changed = x; Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new Quiet(); var y = x; Order.Instance.Observe(y, Step.Add); Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(y, Step.Ship); }")]
    [InlineData("void F() { var x = new Leaky(); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new Louder(); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new StringReader(\"\"); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new Quiet(); Action act = () => Order.Instance.Observe(x, Step.Add); act(); Order.Instance.Observe(x, Step.Pay); }")]
    [InlineData("void F() { var x = new Quiet(); L(); Order.Instance.Observe(x, Step.Pay); void L() => Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F(object x) { Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { Order.Instance.Observe(this, Step.Add); Order.Instance.Observe(this, Step.Ship); }")]
    [InlineData("IEnumerable<int> F(object x) { Order.Instance.Observe(x, Step.Add); yield return 1; Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("void F() { var x = new Quiet(); try { Order.Instance.Observe(x, Step.Add); Other(1); Order.Instance.Observe(x, Step.Pay); } catch { Order.Instance.Observe(x, Step.Ship); } }")]
    [InlineData("void F() { var x = new Quiet(); try { Other(1); } finally { Order.Instance.Observe(x, Step.Add); } Order.Instance.Observe(x, Step.Pay); }")]
    [InlineData("void F(object x) { try { Other(1); } finally { Order.Instance.Observe(x, Step.Pay); } Order.Instance.Observe(x, Step.Ship); }")]
    // It may be another object.
    [InlineData("void F(object x) { Order.Instance.Observe(x, Step.Pay); x = Get(); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F(object x) { Order.Instance.Observe(x, Step.Pay); Change(ref x); Order.Instance.Observe(x, Step.Add); } static void Change(ref object x) => x = new();")]
    [InlineData("void F(ref object x) { Order.Instance.Observe(x, Step.Pay); Get(); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F(object x) { ref object y = ref x; Order.Instance.Observe(x, Step.Pay); y = Get(); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F(object x) { Order.Instance.Observe(x, Step.Pay); (x, _) = (Get(), 1); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F(object? x) { Order.Instance.Observe(x!, Step.Pay); x ??= Get(); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F(object x) { Action act = () => x = Get(); Order.Instance.Observe(x, Step.Pay); act(); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F() { Order.Instance.Observe(_changed, Step.Pay); Get(); Order.Instance.Observe(_changed, Step.Add); }")]
    [InlineData("void F() { Order.Instance.Observe(primary, Step.Pay); Order.Instance.Observe(primary, Step.Add); }")]
    [InlineData("void F() { Order.Instance.Observe(Get(), Step.Pay); Order.Instance.Observe(Get(), Step.Add); }")]
    [InlineData("void F(Queue<object> all) { while (all.TryDequeue(out object? x)) { Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Pay); } }")]
    [InlineData("void F(Queue<object> all) { while (all.Dequeue() is { } x) { Order.Instance.Observe(x, Step.Pay); } }")]
    [InlineData("void F(List<Basket> all) { foreach (Basket x in all) { Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Pay); } }")]
    [InlineData("void F(List<Basket> all) { Basket x; for (int i = 0; i < 3; i++) { x = all[i]; Order.Instance.Observe(x, Step.Pay); } }")]
    [InlineData("void F(Ring a, Ring b) { Order.Instance.Observe(a.Stone, Step.Pay); Order.Instance.Observe(b.Stone, Step.Add); }")]
    [InlineData("void F(int x) { Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F<T>(T x) where T : notnull { Order.Instance.Observe(x, Step.Pay); Order.Instance.Observe(x, Step.Add); }")]
    [InlineData("void F(bool b) { object x = b ? new Quiet() : _kept; Order.Instance.Observe(x, Step.Ship); }")]
    [InlineData("} public struct Value { public void F() { Order.Instance.Observe(this, Step.Pay); Order.Instance.Observe(this, Step.Add); } ")]
    public Task StaysInTheContract(string member) => new Case(Member(member), "TRP0013", Surroundings).VerifyAsync();

    [Theory]
    // Whatever the state, and whichever the conversation.
    [InlineData("public static readonly Contract<State, Step> Of = new Contract<State, Step>(\"short\", State.Empty).Party(\"a\", Step.Add).Allow(State.Empty, Step.Add);")]
    [InlineData("public static Contract<State, Step> Of { get; } = new Contract<State, Step>(\"short\", State.Empty).Party(sends: [Step.Add], name: \"a\").Allow(State.Empty, [Step.Add]);")]
    [InlineData("private const State Start = State.Empty; public static readonly Contract<State, Step> Of = new Contract<State, Step>(initial: Start, name: nameof(Of)).Party(\"a\", Step.Add).Permit(Start, Step.Add, Start);")]
    [InlineData("public static readonly Contract<State, Step> Of = new Contract<State, Step>(\"short\", State.Empty).Party(\"a\", Step.Add).Party(\"b\", [|TRP0014 Step.Pay|]).Allow(State.Empty, Step.Add);")]
    public Task IsLegalNowhere(string declaration) => new Case(
        $$"""public static class Subject { {{declaration}} public static void F(Func<object> get) { Of.Observe(get(), Step.Add); Of.Observe(get(), [|Step.Pay|]); } }""", "TRP0013", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("public static Contract<State, Step> Of => new Contract<State, Step>(\"new each time\", State.Empty).Party(\"a\", Step.Add).Allow(State.Empty, Step.Add);")]
    [InlineData("public static Contract<State, Step> Of { get; set; } = new Contract<State, Step>(\"can be set\", State.Empty).Party(\"a\", Step.Add).Allow(State.Empty, Step.Add);")]
    [InlineData("public static Contract<State, Step> Of = new Contract<State, Step>(\"can be assigned\", State.Empty).Party(\"a\", Step.Add).Allow(State.Empty, Step.Add);")]
    [InlineData("public static readonly Contract<State, Step> Of = new Contract<State, Step>(\"assigned\", State.Empty).Party(\"a\", Step.Add).Allow(State.Empty, Step.Add); static Subject() => Of = new(\"other\", State.Empty);")]
    [InlineData("public static readonly Contract<State, Step> Of = new Contract<State, Step>(\"read\", Where()).Party(\"a\", Step.Add).Allow(State.Empty, Step.Add); private static State Where() => State.Open;")]
    [InlineData("public static readonly Contract<State, Step> Of = Begin().Party(\"a\", Step.Add).Allow(State.Empty, Step.Add); private static Contract<State, Step> Begin() => new(\"from elsewhere\", State.Empty);")]
    [InlineData("public static readonly Contract<State, Step> Of = More(new Contract<State, Step>(\"more\", State.Empty).Party(\"a\", Step.Add)); private static Contract<State, Step> More(Contract<State, Step> of) => of.Party(\"b\", Step.Pay).Allow(State.Empty, Step.Add, Step.Pay);")]
    [InlineData("private static readonly Step[] _steps = [Step.Add, Step.Pay]; public static readonly Contract<State, Step> Of = new Contract<State, Step>(\"listed\", State.Empty).Party(\"a\", _steps).Allow(State.Empty, _steps);")]
    public Task IsNotRead(string declaration) => new Case(
        $$"""public static class Subject { {{declaration}} public static void F(object x) { Of.Observe(x, Step.Add); Of.Observe(x, Step.Pay); Of.Observe(x, Step.Ship); } }""", "TRP0013", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add).Permit(State.Empty, Step.Add, State.Open).Allow(State.Open, [|Step.Pay|])""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add).Permit(State.Empty, Step.Add, State.Open).Permit(State.Open, [|Step.Pay|], State.Empty)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Allow(State.Empty, [|Step.Add|]).Party("a", Step.Add)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add).Party("b", [|Step.Add|]).Allow(State.Empty, Step.Add)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add).Allow(State.Empty, Step.Add).Permit(State.Empty, [|Step.Add|], State.Open)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add, [|Step.Pay|]).Allow(State.Empty, Step.Add)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add).Allow(State.Empty, Step.Add).Allow([|State.Open|], Step.Add)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add, Step.Pay).Allow(State.Empty, Step.Add).Permit([|State.Open|], Step.Pay, State.Paid).Permit([|State.Paid|], Step.Add, State.Open)""")]
    public Task ContradictsItself(string chain) => new Case(Chain(chain), "TRP0014", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("""new("c", State.Empty)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("silent").Party("a", Step.Add).Permit(State.Empty, Step.Add, State.Gone)""")]
    [InlineData("""new Contract<State, Step>("c", State.Paid).Party("a", Step.Add, Step.Pay).Permit(State.Paid, Step.Add, State.Open).Permit(State.Open, Step.Pay, State.Paid)""")]
    [InlineData("""new Contract<State, Step>("c", State.Empty).Party("a", Step.Add).Permit(State.Empty, Step.Add, State.Empty)""")]
    public Task IsConsistent(string chain) => new Case(Chain(chain), "TRP0014", Surroundings).VerifyAsync();

    [Fact]
    public Task AContractIsNotExtendedBehindItsDeclaration() => new Case(
        "public static class Subject { public static void F() => [|Order.Instance.Allow(State.Paid, Step.Pay)|].Allow(State.Gone, Step.Pay); }", "TRP0014", Surroundings).VerifyAsync();

    [Fact]
    public async Task AContractOfAnotherAssemblyIsNotRead()
    {
        const string Source = "public static class Subject { public static void F() { object x = new(); Order.Instance.Observe(x, Step.Ship); } }";
        await new Case(Source) { References = [new Case(Surroundings).Compile("order").ToMetadataReference()] }.VerifyAsync();
    }

    [Fact]
    public async Task TheMessageSaysWhereTheConversationIsAndWhatIsLegalThere()
    {
        var found = await new Case(
            Member("void F() { var x = new Quiet(); Order.Instance.Observe(x, Step.Add); Order.Instance.Observe(x, [|Step.Ship|]); Order.Instance.Observe(x, Step.Ship); }"), "TRP0013", Surroundings).VerifyAsync();
        Assert.Equal(
            "'Ship' breaks contract 'order' whenever this line runs: the conversation is in Open (legal: customer Add, shop Refuse, customer Pay); "
            + "shop may send it in Paid, so observe what leads there first, or let the contract permit it here",
            Assert.Single(found).GetMessage(System.Globalization.CultureInfo.InvariantCulture));
    }
}
