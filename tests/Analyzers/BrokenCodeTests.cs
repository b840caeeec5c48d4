namespace Troupe.Analyzers.Tests;

/// <summary>Code that does not compile, as it is while somebody types: no analyzer throws.</summary>
public sealed class BrokenCodeTests
{
    [Theory]
    [InlineData("class A : Actor<")]
    [InlineData("class A : Actor<Missing> { protected override ValueTask ReceiveAsync(Missing message) => message.; }")]
    [InlineData("class A : Actor<> { }")]
    [InlineData("class A : A { } class B : Actor<A> { }")]
    [InlineData("sealed record M(M2 X); sealed record M2(M X, int[]); class B : Actor<M> { }")]
    [InlineData("struct M { M _inner; } class B : Actor<M> { }")]
    [InlineData("[SendableByContract] class M { } [SendableByContract(1)] class N { } [Sendable(3)] class O { }")]
    [InlineData("[Owned] struct F { public void Dispose( } class C { void M(F f) { f.Dispose(; f = ; Keep(f); return f } }")]
    [InlineData("[Owned] struct F : IDisposable { public void Dispose() { } } class C { bool M([MovesWhen] F f, [MovesWhen(\"x\")] F g) { if (f.) { goto nowhere; } try { throw; } finally { return g } } }")]
    [InlineData("[Owned] struct F : IDisposable { public void Dispose() { } } class C { void M() { using F f = ; var (a, f2) = f; foreach (F x in ) x.Dispose(); switch (f) { case } } }")]
    [InlineData("class A : Actor<int> { void F() { lock () { } Task.Run(); Task.Run(() => ; x.Result.Wait(; await ; static int y; } }")]
    [InlineData("class A : Actor<int> { event Action E; void F() { E += ; new Timer(this; unsafe { } ConfigureAwait(false) } }")]
    [InlineData("class Actor<T> { } class A : Actor<int[]> { }")]
    [InlineData("class A : Actor<int> { int F(Task<int> t) => t is { IsCompleted: true } ? t.Result : throw }")]
    [InlineData("enum S { A, } enum M { X } class C { static readonly Contract<S, M> Of = new Contract<S, M>(\"c\", S.).Party(\"p\", M.X, ).Permit(S.A, , S.A).Allow(; void F(object o) { Of.Observe(o, ); Of.Observe(, M.X); Of.Observe(o, M.X } }")]
    [InlineData("enum M { X } class C { static Contract<Missing, M> Of { get; } = new(\"c\", Missing.A).Party(\"p\", M.X).Allow(Missing.A, M.X, M.Y); void F() => Of.Observe(this, M.X); }")]
    [InlineData("enum S { A } class C { static readonly Contract<S, S> Of = Of.Party(\"p\", S.A).Permit(S.A, S.A, S.B), More = Of; void F(C c) { foreach (var x in ) Of.Observe(x, S.A); Of.Observe(c = , S.A); } }")]
    public Task NoAnalyzerFails(string source) => new Case(source) { IsBroken = true }.VerifyAsync();
}
