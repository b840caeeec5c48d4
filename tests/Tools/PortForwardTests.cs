using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Tests;

public sealed class PortForwardTests
{
    [Fact]
    public void ReadsHostAndGuest() => Assert.Equal(new PortForward(18080, 8080), PortForward.Parse("18080:8080"));

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("80:")]
    [InlineData(":80")]
    [InlineData("0:80")]
    [InlineData("80:65536")]
    [InlineData("-1:80")]
    [InlineData("+1:80")]
    [InlineData("80:80:80")]
    [InlineData("eighty:80")]
    public void RefusesWhatIsNoMapping(string text)
    {
        var error = Assert.Throws<UserError>(() => PortForward.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
    }

    [Fact]
    public void RefusesAHostPortThatIsInUse()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var error = Assert.Throws<UserError>(() => PortForward.Check([new PortForward(port, 8080)]));
        Assert.Contains($"port {port} of this host is in use", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Two guests on one port would each get some of the connections.</summary>
    [Fact]
    public void RefusesAHostPortThatAnotherGuestHas()
    {
        PortForward forward = new(PortForward.FreePort(), 8080);
        using var first = forward.Listen(backlog: 1);
        Assert.Throws<UserError>(() => forward.Listen(backlog: 1));
        Assert.Throws<UserError>(() => PortForward.Check([forward]));
    }

    [Fact]
    public void RefusesAHostPortThatIsMappedTwice() =>
        Assert.Throws<UserError>(() => PortForward.Check([new PortForward(1, 2), new PortForward(1, 3)]));
}
