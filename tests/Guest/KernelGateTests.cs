using Troupe.Tools.Gate;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>The kernel half of every image that was built calls no runtime helper (Tools/Troupe/Gate; planted violations in tests/Tools/Gate).</summary>
public sealed class KernelGateTests
{
    /// <summary>Far fewer than any kernel has: a search that finds less has looked in the wrong place.</summary>
    private const int FewestFunctions = 20;

    public static TheoryData<string> Apps => [.. Repository.Locate().Apps().Select(app => app.Name)];

    [Theory]
    [MemberData(nameof(Apps))]
    public async Task KernelCodeCallsNoRuntimeHelper(string app)
    {
        var repository = Repository.Locate();
        var (violations, examined) = await ImageGate.CheckAsync(repository, repository.FindApp(app), CancellationToken.None);
        Assert.True(violations.Count == 0, string.Join('\n', violations));
        Assert.True(examined > FewestFunctions, $"only {examined} functions of the kernel were found.");
    }
}
