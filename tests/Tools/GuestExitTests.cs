using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Tests;

public sealed class GuestExitTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 1)]
    [InlineData(15, 7)]
    [InlineData(129, 64)]
    [InlineData(199, GuestExit.PanicCode)]
    public void TheGuestsCodeIsReadFromQemus(int qemu, int code) => Assert.Equal(code, GuestExit.FromQemu(qemu, string.Empty, guestSpoke: true).ExitCode);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(137)]
    [InlineData(139)]
    public void AnEndWithoutACodeIsAFailure(int qemu)
    {
        var exit = GuestExit.FromQemu(qemu, string.Empty, guestSpoke: true);
        Assert.Null(exit.Code);
        Assert.Equal(ExitCodes.GuestLost, exit.ExitCode);
    }

    [Fact]
    public void AGuestThatNeverStartedHasNotSucceeded()
    {
        var exit = GuestExit.FromQemu(1, "qemu-system-x86_64: could not load kernel 'x'\n", guestSpoke: false);
        Assert.Null(exit.Code);
        Assert.Contains("could not load kernel", exit.Reason, StringComparison.Ordinal);
    }
}
