// RFC 1035, RFC 2308, RFC 5452, RFC 7766: dnsmasq, and a server that lies.
using System.Net;
using Troupe.Tools.Networks;
using Troupe.Tools.Testing.Attacks;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>Names are resolved by the guest, over HTTP to its page <c>/resolve</c>.</summary>
internal static class DnsScenarios
{
    private const string Liar = "10.77.0.4";
    private const int Many = 100;
    private static readonly TimeSpan _boot = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _page = TimeSpan.FromSeconds(40);

    /// <summary>dnsmasq.</summary>
    public static async Task HonestAsync(DaemonRun run, CancellationToken cancellation)
    {
        var many = string.Join('\n', Enumerable.Range(1, Many).Select(index => $"host-record=many.lab.example,192.0.2.{index}"));
        using var dnsmasq = DhcpScenarios.Dnsmasq(
            run, "dns", "10.77.0.50,10.77.0.60",
            $"""
            port=53
            log-queries=extra
            local=/lab.example/
            host-record=www.lab.example,192.0.2.1,2001:db8::1
            host-record=four.lab.example,192.0.2.4
            host-record=six.lab.example,2001:db8::6
            cname=one.lab.example,two.lab.example
            cname=two.lab.example,three.lab.example
            cname=three.lab.example,www.lab.example
            {many}
            """);
        using var guest = run.Boot("ip=dhcp");
        if (!await guest.HasAsync(state => state.Servers == GuestOnTap.HostAddress, _boot, cancellation).ConfigureAwait(false))
        {
            run.Report("dns: a server from DHCP", false, guest.LastWords);
            return;
        }

        async Task ExpectAsync(string what, string name, string expected, string families = "Both")
        {
            var answer = await ResolveAsync(guest, name, families, cancellation).ConfigureAwait(false);
            run.Report($"dns: {what}", answer == expected, $"{name}: {answer}");
        }

        await ExpectAsync("addresses of both versions", "www.lab.example", "Found www.lab.example 192.0.2.1 2001:db8::1").ConfigureAwait(false);
        await ExpectAsync("the search domain of DHCP", "www", "Found www.lab.example 192.0.2.1", "Ipv4").ConfigureAwait(false);
        await ExpectAsync("a chain of aliases", "one.lab.example", "Found www.lab.example 192.0.2.1", "Ipv4").ConfigureAwait(false);
        await ExpectAsync("only IPv6", "six.lab.example", "Found six.lab.example 2001:db8::6").ConfigureAwait(false);
        await ExpectAsync("no address of this version", "four.lab.example", "NoAddress four.lab.example", "Ipv6").ConfigureAwait(false);
        await ExpectAsync("no such name", "nobody.lab.example.", "NoSuchName nobody.lab.example").ConfigureAwait(false);
        var answer = await ResolveAsync(guest, "many.lab.example", "Ipv4", cancellation).ConfigureAwait(false);
        // DnsConfiguration.AddressesPerName of them; what fits 1,232 octets would be more, but is not taken from a truncated answer.
        var addresses = answer.Split(' ').Skip(2).ToList();
        var overTcp = dnsmasq.Count("query[A] many.lab.example") >= 2;
        run.Report("dns: what is truncated is asked for by TCP", addresses.Count == 32 && addresses.TrueForAll(one => one.StartsWith("192.0.2.", StringComparison.Ordinal)) && overTcp, $"{addresses.Count} addresses, asked {dnsmasq.Count("query[A] many.lab.example")} times");
    }

    /// <summary>A server whose answers are wrong in a way that the name says.</summary>
    public static async Task BadAsync(DaemonRun run, CancellationToken cancellation)
    {
        await PrivateNetwork.MustAsync(cancellation, "ip", "address", "add", $"{Liar}/{GuestOnTap.PrefixLength}", "dev", GuestOnTap.Tap).ConfigureAwait(false);
        using var dnsmasq = DhcpScenarios.Dnsmasq(run, "bad-dns", "10.77.0.50,10.77.0.60", $"port=0\ndhcp-option=option:dns-server,{Liar}");
        using var liar = new LyingDnsServer(new IPEndPoint(IPAddress.Parse(Liar), 53), new IPEndPoint(IPAddress.Parse(GuestOnTap.HostAddress), 53));
        using var guest = run.Boot("ip=dhcp");
        if (!await guest.HasAsync(state => state.Servers == Liar, _boot, cancellation).ConfigureAwait(false))
        {
            run.Report("bad-dns: a server from DHCP", false, guest.LastWords);
            return;
        }

        // What is false is never believed: where the truth follows it is found, and otherwise the question ends without an answer.
        foreach (var (lie, expected) in LyingDnsServer.Lies)
        {
            var name = $"{lie}.bad.example";
            var answer = await ResolveAsync(guest, $"{name}.", "Ipv4", cancellation).ConfigureAwait(false);
            run.Report(
                $"bad-dns: {lie}", answer.StartsWith(expected, StringComparison.Ordinal) && !answer.Contains(LyingDnsServer.False.ToString(), StringComparison.Ordinal),
                $"{answer}; asked {liar.Asked(name)} times");
        }

        run.Report("bad-dns: the guest goes on", await guest.GetAsync("/", TimeSpan.FromSeconds(10), cancellation).ConfigureAwait(false) is not null, guest.Now.Text);
    }

    private static async Task<string> ResolveAsync(WatchedGuest guest, string name, string families, CancellationToken cancellation) =>
        (await guest.GetAsync($"/resolve?name={name}&families={families}", _page, cancellation).ConfigureAwait(false))?.Trim() ?? "no page";
}
