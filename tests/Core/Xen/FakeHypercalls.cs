using Troupe.Core.Machine.Xen;

namespace Troupe.Core.Tests.Xen;

/// <summary>A made-up Xen behind the seam of calls; a test installs it for its own thread.</summary>
internal readonly struct FakeHypercalls : IHypercalls
{
    [ThreadStatic]
    private static Func<ulong, ulong, ulong, ulong, long>? _answer;

    public static void Install(Func<ulong, ulong, ulong, ulong, long> answer) => _answer = answer;

    public static long Call(ulong number, ulong first, ulong second, ulong third) => _answer!(number, first, second, third);
}
