using Microsoft.CodeAnalysis;

namespace Troupe.Analyzers.Tests;

/// <summary>TRP0001 and TRP0002: what may be a message. Each case declares a type M; an actor and an ask use it.</summary>
public sealed class SendableTests
{
    [Theory]
    // values
    [InlineData("public readonly record struct M(int Number, string? Text, double Ratio, bool Flag, decimal Money, char Letter);")]
    [InlineData("public readonly struct M { private readonly long _ticks; public M(long ticks) => _ticks = ticks; public long Ticks => _ticks; }")]
    [InlineData("public enum M { One, Two }")]
    [InlineData("public readonly record struct M(DateTime A, DateTimeOffset B, TimeSpan C, DateOnly D, TimeOnly E, Guid F, Half G, Int128 H, Index I, Range J);")]
    [InlineData("public readonly record struct M(Version A, Uri B, System.Numerics.BigInteger C, TimeZoneInfo D, CancellationToken E, nint F);")]
    [InlineData("public readonly record struct M(int? A, DayOfWeek? B, DayOfWeek C);")]
    [InlineData("public readonly record struct M();")]
    // immutable classes
    [InlineData("public sealed record M(int Number, string Text);")]
    [InlineData("public sealed class M { public int A { get; } public string B { get; init; } = \"\"; private readonly Guid _c; public M(int a) { A = a; _c = default; } public Guid C => _c; }")]
    [InlineData("public sealed class M(int start) { private readonly int _start = start; public int Start => _start; }")]
    [InlineData("public abstract class Base { protected readonly int Key; } public sealed class M : Base { public int Value { get; init; } }")]
    [InlineData("public sealed record M { public required string Name { get; init; } public const int Most = 4; public static int Count; public int Length => Name.Length; }")]
    [InlineData("public sealed record Line(string Text, decimal Price); public sealed record M(ImmutableArray<Line> Lines);")]
    // recursion: a circle that meets nothing mutable
    [InlineData("public sealed record M(int Head, M? Tail);")]
    [InlineData("public sealed record M(ImmutableArray<M> Children);")]
    [InlineData("public sealed record Even(Odd? Next); public sealed record Odd(Even? Next); public sealed record M(Even First, Odd Second);")]
    [InlineData("public sealed record Tree<T>(T Value, Tree<T>? Left, Tree<T>? Right); public sealed record M(Tree<int> Numbers);")]
    // collections
    [InlineData("public sealed record M(ImmutableArray<int> A, ImmutableList<string> B, ImmutableDictionary<string, int> C, ImmutableHashSet<Guid> D);")]
    [InlineData("public sealed record M(ImmutableSortedDictionary<int, string> A, ImmutableSortedSet<int> B, ImmutableQueue<int> C, ImmutableStack<int> D);")]
    [InlineData("public sealed record M(FrozenSet<int> A, FrozenDictionary<string, ImmutableArray<byte>> B);")]
    [InlineData("public sealed record M(ImmutableArray<int>? A, KeyValuePair<int, string> B);")]
    // tuples are copied into the message
    [InlineData("public readonly record struct M((int Left, string Right) Pair);")]
    [InlineData("public sealed record M(Tuple<int, string> Pair, (int, (string, Guid)) Nested);")]
    // addresses
    [InlineData("public readonly record struct M(Reply<int> Answer);")]
    [InlineData("public readonly record struct M(Reply<ImmutableArray<string>> Answer, ActorRef<int> Sender, ActorRef Watched);")]
    [InlineData("public sealed record M(ActorRef<M> Sender);")]
    // closed hierarchies
    [InlineData("public abstract record M { private M() { } public sealed record Put(string Key, int Value) : M; public sealed record Get(string Key, Reply<int> Answer) : M; }")]
    [InlineData("public abstract class M { private readonly int _id; private M(int id) => _id = id; public int Id => _id; public sealed class One() : M(1); public sealed class Two() : M(2); }")]
    [InlineData("public abstract record M { private M() { } public abstract record Inner : M { private Inner() { } public sealed record Leaf(int X) : Inner; } public sealed record Other(M Wrapped) : M; }")]
    [InlineData("public abstract record M<T> { private M() { } public sealed record Some(int Value) : M<T>; } public sealed record M(M<int> Option);")]
    // owned values move
    [InlineData("[Owned] public struct Page { private byte[] _bytes; } public readonly record struct M(Page Content);")]
    [InlineData("[Owned] public sealed class Page { public byte[] Bytes = []; } public sealed record M(Page? Content, int Count);")]
    // vouched for
    [InlineData("[SendableByContract(\"Never written after construction.\")] public sealed class M { private int[] _numbers = []; }")]
    [InlineData("[SendableByContract(\"Implementations are immutable.\")] public interface IShape { } public sealed record M(IShape Shape);")]
    [InlineData("public sealed record M([property: SendableByContract(\"Reads immutable state only.\")] Func<int> Open);")]
    [InlineData("public sealed record M([field: SendableByContract(\"Nobody keeps the array.\")] byte[] Bytes);")]
    [InlineData("[SendableByContract(\"Pure.\")] public delegate int Pure(int x); public readonly record struct M(Pure Function);")]
    [InlineData("public sealed class M { [SendableByContract(\"Filled once, by Interlocked.\")] private string? _cache; public string Text => _cache ??= \"\"; }")]
    // type parameters that are checked at each use
    [InlineData("[Sendable] public sealed record Box<[Sendable] T>(T Value); public sealed record M(Box<int> Box);")]
    [InlineData("public sealed record Box<T>(T Value); public sealed record M(Box<string> Box);")]
    [InlineData("public sealed class Relay<[Sendable] T> : Actor<T> { protected override ValueTask ReceiveAsync(T message) => default; } public readonly record struct M(int X);")]
    [InlineData("[Sendable] public sealed record M(int X, M? Next);")]
    public Task Sendable(string declarations) => new Case(declarations + Used("M"), "TRP0001").VerifyAsync();

    [Theory]
    // arrays and views
    [InlineData("M.Numbers", "int[]", "public sealed record M(int[] Numbers);")]
    [InlineData("M._bytes", "byte[]", "public readonly struct M { private readonly byte[] _bytes; public M(byte[] bytes) => _bytes = bytes; }")]
    [InlineData("M.Bytes", "Memory<byte>", "public readonly record struct M(Memory<byte> Bytes);")]
    [InlineData("M.Bytes", "ReadOnlyMemory<byte>", "public readonly record struct M(ReadOnlyMemory<byte> Bytes);")]
    // mutable collections, and interfaces that may hide one
    [InlineData("M.Names", "ImmutableArray", "public sealed record M(List<string> Names);")]
    [InlineData("M.Names", "ImmutableArray", "public sealed record M(IReadOnlyList<string> Names);")]
    [InlineData("M.Ages", "FrozenDictionary", "public sealed record M(Dictionary<string, int> Ages);")]
    [InlineData("M.Keys", "interface", "public interface IKeys { } public sealed record M(IKeys Keys);")]
    [InlineData("M.Set", "FrozenSet", "public sealed record M(HashSet<int> Set);")]
    // could be anything
    [InlineData("M.Anything", "object", "public sealed record M(object Anything);")]
    [InlineData("M.Anything", "dynamic", "public sealed record M(dynamic Anything);")]
    [InlineData("M.Next", "delegate", "public sealed record M(Action Next);")]
    [InlineData("M.Work", "await it", "public sealed record M(Task<int> Work);")]
    [InlineData("M.Failure", "TryFail", "public sealed record M(Exception Failure);")]
    [InlineData("M.Failure", "TryFail", "public sealed record M(InvalidOperationException Failure);")]
    [InlineData("M.Kind", "Type", "public sealed record M(Type Kind);")]
    [InlineData("M.Address", "bytes", "public sealed record M(IPAddress Address);")]
    [InlineData("M.Where", "port", "public sealed record M(IPEndPoint Where);")]
    // mutable fields
    [InlineData("M.Count", "can be set", "public sealed class M { public int Count { get; set; } }")]
    [InlineData("M._count", "not readonly", "public sealed class M { private int _count; public int Next() => ++_count; }")]
    [InlineData("M.Count", "not readonly", "public sealed record M { public int Count; }")]
    [InlineData("M._count", "not readonly", "public abstract class Base { private int _count; public int Next() => ++_count; } public sealed class M : Base;")]
    [InlineData("M.start", "primary constructor", "public sealed class M(int start) { public int Next() => start++; }")]
    [InlineData("M.Happened", "event", "public sealed class M { public event Action? Happened; public void Raise() => Happened?.Invoke(); }")]
    [InlineData("it", "not readonly", "public struct M { public int X; }")]
    [InlineData("it", "not readonly", "public record struct M(int X);")]
    [InlineData("M.Inner", "not readonly", "public struct Inner { public int X; } public sealed record M(Inner Inner);")]
    // open classes
    [InlineData("it", "not sealed", "public record M(int X);")]
    [InlineData("it", "not sealed", "public class M { public int X { get; } }")]
    [InlineData("it", "private", "public abstract record M;")]
    [InlineData("it", "private", "public abstract record M { protected M() { } public sealed record A : M; }")]
    [InlineData("it", "private", "public abstract record M { private protected M() { } public sealed record A : M; }")]
    [InlineData("M.A", "not sealed", "public abstract record M { private M() { } public record A : M; }")]
    [InlineData("M.Found.Open", "delegate", "public abstract record M { private M() { } public sealed record Found(Func<int> Open) : M; public sealed record Lost : M; }")]
    // the path goes as deep as it must
    [InlineData("M.Lines[].Prices", "decimal[]", "public sealed record Line(string Text, decimal[] Prices); public sealed record M(ImmutableArray<Line> Lines);")]
    [InlineData("M.Map[value].Tags", "List<string>", "public sealed record V(List<string> Tags); public sealed record M(ImmutableDictionary<string, V> Map);")]
    [InlineData("M.Map[key]", "object", "public sealed record M(FrozenDictionary<object, int> Map);")]
    [InlineData("M.Pair.Right", "int[]", "public readonly record struct M((int Left, int[] Right) Pair);")]
    [InlineData("M.Tail.Junk", "not readonly", "public sealed class Tail { public M? Back { get; init; } public int Junk; } public sealed record M(int Head, Tail? Tail);")]
    [InlineData("M.Maybe.X", "not readonly", "public sealed record Inner { public int X; } public readonly record struct M(Inner? Maybe);")]
    [InlineData("M.Box.Value", "int[]", "public sealed record Box<T>(T Value); public sealed record M(Box<int[]> Box);")]
    [InlineData("nested without end", "limit", "public sealed record Nest<T>(T Value, Nest<Nest<T>>? Inner); public sealed record M(Nest<int> Nest);")]
    // classes whose fields nobody here can see
    [InlineData("M.Text", "StringBuilder", "public sealed record M(System.Text.StringBuilder Text);")]
    [InlineData("M.Client", "not visible", "public sealed record M(System.Net.Http.HttpClient Client);")]
    [InlineData("it", "not visible", "public sealed class M : System.Net.Http.HttpClient;")]
    public async Task Refused(string path, string words, string declarations)
    {
        IReadOnlyList<Diagnostic> found = await new Case(declarations + Used("[|M|]"), "TRP0001").VerifyAsync();
        Assert.Contains(path, found[0].GetMessage());
        Assert.Contains(words, found[0].GetMessage());
    }

    [Theory]
    // the answer of an ask is a message as well
    [InlineData("public readonly record struct M(Reply<[|List<int>|]> Answer);")]
    [InlineData("public sealed record M(Reply<[|int[]|]> Answer);")]
    [InlineData("class C { ValueTask<int[]> F(ActorRef<int> a) => a.AskAsync<[|int[]|]>(static reply => 1); }")]
    [InlineData("class C { async Task F(ActorRef<int> a) { var x = await a.[|AskAsync|](static (Reply<[|object|]> reply) => 1); } }")]
    // each place where it is written
    [InlineData("class C { private ActorRef<[|int[]|]>? _a; ActorRef<[|object|]> F() => null!; }")]
    [InlineData("class C { void F(Dictionary<int, ActorRef<[|List<int>|]>> known) { } }")]
    // type parameters
    [InlineData("class Relay<T> : Actor<[|T|]> { protected override ValueTask ReceiveAsync(T message) => default; }")]
    [InlineData("class Relay<[Sendable] T> : Actor<T> { protected override ValueTask ReceiveAsync(T message) => default; } class C { Relay<[|int[]|]>? _relay; }")]
    [InlineData("static class E { public static void Send<[Sendable] T>(T x) { } } class C { void F() { E.[|Send|](new int[1]); E.Send<[|object|]>(1); E.Send(3); } }")]
    [InlineData("[Sendable] sealed record Box<[Sendable] T>(T Value); class C { Box<[|int[]|]>? _box; }")]
    [InlineData("[Sendable] sealed record [|Box|]<T>(T Value);")]
    // what a behaviour hands to its successor
    [InlineData("class B : IStateful<[|int[]|]> { public int[] ExportState() => []; public void ImportState(int[] state) { } }")]
    // a mark is checked where it stands
    [InlineData("[Sendable] sealed record [|M|](int[] X);")]
    [InlineData("[Sendable] class [|M|];")]
    [InlineData("[Sendable] struct [|M|] { public int X; }")]
    // vouching needs a reason
    [InlineData("[[|TRP0002 SendableByContract(\"\")|]] sealed class M { int _x; }")]
    [InlineData("[[|TRP0002 SendableByContract(\"  \")|]] interface IM;")]
    [InlineData("[[|TRP0002 SendableByContract(null!)|]] delegate void D();")]
    [InlineData("sealed record M([property: [|TRP0002 SendableByContract(\"\")|]] Func<int> Open);")]
    public Task Flagged(string source) => new Case(source, "TRP0001").VerifyAsync();

    [Theory]
    [InlineData("public readonly struct M { private readonly int _x; public int X => _x; }", true)]
    [InlineData("public readonly struct M { private readonly int[] _x; }", false)]
    [InlineData("public struct M { private int _x; }", false)]
    [InlineData("[Sendable] public sealed record M(int X);", true)]
    [InlineData("[Sendable] public abstract record M { private M() { } public sealed record A(int X) : M; }", true)]
    [InlineData("[SendableByContract(\"Immutable.\")] public sealed class M { private int _x; }", true)]
    [InlineData("public sealed record M(int X);", false)]
    public async Task AnotherAssembliesTypesCountByTheirMarksOrTheirVisibleFields(string declaration, bool sendable)
    {
        using var assembly = new MemoryStream();
        var emitted = new Case(declaration).Compile("other").Emit(assembly, options: new(metadataOnly: true, includePrivateMembers: false));
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics));
        var reference = MetadataReference.CreateFromImage(assembly.ToArray());
        await new Case(sendable ? Used("M") : Used("[|M|]"), "TRP0001") { References = [reference] }.VerifyAsync();
    }

    private static string Used(string message) => $$"""

        public sealed class Receiver : Actor<{{message}}>
        {
            protected override ValueTask ReceiveAsync(M message) => default;
        }
        """;
}
