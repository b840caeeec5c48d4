// RFC 1122 3.3.1 and 3.3.4.2, RFC 6724 5: which interface leads to a destination, and the address it is reached from.
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests.Interfaces;

public sealed class RouteTests
{
    private static readonly NetworkConfiguration _routed = new()
    {
        Static = new(new(V4("10.1.0.2"), 24), V4("10.1.0.1")),
        Ipv6 = Given("2001:db8:1::2", "fe80::1"),
        FurtherInterfaces = Second(new()
        {
            Static = new(new(V4("10.2.0.2"), 24), V4("10.2.0.1")) { Routes = [new(new(V4("192.0.2.0"), 25), V4("10.2.0.9"))] },
            Ipv6 = Given("2001:db8:2::2", null),
        }),
    };

    [Theory]
    [InlineData("10.1.0.77", "eth0", "10.1.0.2")]
    [InlineData("10.2.0.77", "eth1", "10.2.0.2")]
    // By a route of 25 bits, not by the gateway of 0.
    [InlineData("192.0.2.5", "eth1", "10.2.0.2")]
    // Both have a gateway: the lower metric.
    [InlineData("192.0.2.200", "eth0", "10.1.0.2")]
    [InlineData("10.2.0.255", "eth1", "10.2.0.2")]
    [InlineData("255.255.255.255", "eth0", "10.1.0.2")]
    [InlineData("224.1.2.3", "eth0", "10.1.0.2")]
    [InlineData("2001:db8:1::77", "eth0", "2001:db8:1::2")]
    [InlineData("2001:db8:2::77", "eth1", "2001:db8:2::2")]
    [InlineData("2001:db8:3::77", "eth0", "2001:db8:1::2")]
    // What is ours stays in this host, whichever interface it is of.
    [InlineData("10.2.0.2", "eth1", "10.2.0.2")]
    [InlineData("2001:db8:2::2", "eth1", "2001:db8:2::2")]
    public void TheLongestPrefixDecidesAndThenTheMetric(string destination, string name, string source) => Run(
        async host =>
        {
            await host.AdvanceAsync(3);
            Assert.Equal(name, host.Stack.Internet.Of(default, Address(destination)).Name);
            Assert.True(host.Stack.Internet.TrySelectSource(Address(destination), 0, out IpAddress chosen));
            Assert.Equal(Address(source), chosen);
        },
        _routed);

    [Fact]
    public void ALowerMetricIsPreferred() => Run(
        host =>
        {
            Assert.Equal("eth1", host.Stack.Internet.Of(default, Address("192.0.2.200")).Name);
            // A prefix is longer than none all the same.
            Assert.Equal("eth0", host.Stack.Internet.Of(default, Address("10.1.0.9")).Name);
            return Task.CompletedTask;
        },
        _routed with { Metric = 10 });

    [Fact]
    public void ASourceOfAnInterfaceLeavesByItWhateverTheRoutesSay() => Run(
        host =>
        {
            Assert.Equal("eth1", host.Stack.Internet.Of(Address("10.2.0.2"), Address("192.0.2.200")).Name);
            Assert.Equal("eth1", host.Stack.Internet.Of(Address("10.2.0.2"), Address("10.1.0.77")).Name);
            Assert.Equal("eth0", host.Stack.Internet.Of(Address("10.1.0.2"), Address("10.2.0.77")).Name);
            return Task.CompletedTask;
        },
        _routed);

    // RFC 1122 3.3.4.2: the loop back is before the choice of a way out.
    [Fact]
    public void WhatIsForThisHostStaysThereWhateverItsSource() => Run(
        host =>
        {
            Assert.Equal("eth1", host.Stack.Internet.Of(Address("10.1.0.2"), Address("10.2.0.2")).Name);
            Assert.Equal("eth0", host.Stack.Internet.Of(Address("10.2.0.2"), Address("10.1.0.2")).Name);
            return Task.CompletedTask;
        },
        _routed);

    [Fact]
    public void AnInterfaceThatIsAskedForIsTaken() => Run(
        host =>
        {
            Assert.Equal("eth1", host.Stack.Internet.Of(default, Address("224.1.2.3"), index: 3).Name);
            Assert.True(host.Stack.Internet.TrySelectSource(Address("224.1.2.3"), 3, out IpAddress source));
            Assert.Equal(Address("10.2.0.2"), source);
            Assert.False(host.Stack.Internet.TryRoute(Address("192.0.2.1"), 9, out _));
            return Task.CompletedTask;
        },
        _routed);

    [Fact]
    public void ALinkThatIsDownGivesWayWhileAnotherLeadsThere() => Run(
        async host =>
        {
            host.Links[0].SetCarrier(false);
            await host.Test.WhenIdle();
            Assert.False(host.Stack.Interfaces[0].Link.State.IsUp);
            Assert.Equal("eth1", host.Stack.Internet.Of(default, Address("192.0.2.200")).Name);
            host.Links[0].SetCarrier(true);
            await host.Test.WhenIdle();
            Assert.Equal("eth0", host.Stack.Internet.Of(default, Address("192.0.2.200")).Name);
        },
        _routed);

    [Fact]
    public void WhereNoRouteLeadsTheSenderIsToldSo() => Run(
        async host =>
        {
            Assert.False(host.Stack.Internet.TryRoute(Address("192.0.2.1"), 0, out _));
            await host.SendDatagramAsync("192.0.2.1");
            Assert.Equal(1, host.Stack["IPv4"].Dropped(DropCause.Unroutable));
        });

    private static Ipv6Configuration Given(string address, string? gateway) => new()
    {
        Addresses = [new(Address(address).Ipv6, 64)],
        Gateway = gateway is null ? null : Address(gateway).Ipv6,
        DuplicateAddressProbes = 0,
        RouterSolicitations = 0,
    };
}
