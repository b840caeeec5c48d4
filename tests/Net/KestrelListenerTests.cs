using System.Net;
using Microsoft.AspNetCore.Connections;
using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Kestrel;

namespace Troupe.Net.Tests;

/// <summary>Kestrel's transport listens where it is told to.</summary>
public sealed class KestrelListenerTests
{
    [Fact]
    public async Task LocalhostIsBothLoopbackAddressesAndNotReachedFromOutside()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(seed: 5);
        TcpTransportFactory factory = new(stacks.Second.Tcp, new());
        await using IConnectionListener four = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 5000));
        await using IConnectionListener six = await factory.BindAsync(new IPEndPoint(IPAddress.IPv6Loopback, 5000));
        TcpConnection within = await stacks.Second.ConnectAsync(IpEndPoint.From(new(IPAddress.IPv6Loopback, 5000)));
        await using ConnectionContext? accepted = await six.AcceptAsync();
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 5000), accepted!.LocalEndPoint);
        within.Abort();
        AskFailedException refused = await Assert.ThrowsAsync<AskFailedException>(async () => await stacks.First.ConnectAsync(new(TwoStacks.SecondAddress, 5000)));
        Assert.Equal(TcpCloseReason.Refused, Assert.IsType<TcpConnectionException>(refused.InnerException).Reason);
    }

    [Fact]
    public async Task AnyOfBothVersionsExcludesOneOfThem()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(seed: 5);
        TcpTransportFactory factory = new(stacks.Second.Tcp, new());
        await using IConnectionListener both = await factory.BindAsync(new IPEndPoint(IPAddress.IPv6Any, 5000));
        await Assert.ThrowsAsync<AddressInUseException>(async () => await factory.BindAsync(new IPEndPoint(IPAddress.Any, 5000)));
        TcpConnection client = await stacks.First.ConnectAsync(new(TwoStacks.SecondAddress, 5000));
        await using ConnectionContext? accepted = await both.AcceptAsync();
        Assert.NotNull(accepted);
        client.Abort();
    }
}
