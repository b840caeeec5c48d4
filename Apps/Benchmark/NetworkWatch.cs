using Microsoft.AspNetCore.Http;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;

namespace Troupe.Apps.Benchmark;

/// <summary>Says on the console which addresses, routers and DNS servers the guest has, whenever that changes: <c>./troupe test daemons</c> reads it. And resolves names.</summary>
internal sealed class NetworkWatch(Task<NetworkStack?> network)
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks ten times a second: what is configured is public state, and nobody is told of changes.</summary>
    public async Task RunAsync()
    {
        if (await network is not { } stack)
            return;
        string before = string.Empty;
        while (true)
        {
            string now = Describe(stack);
            if (now != before)
                await Console.Out.WriteLineAsync($"network: {now}");
            before = now;
            await Task.Delay(_interval);
        }
    }

    /// <summary>GET /resolve?name=N: the status, and the addresses; <c>families</c> is Ipv4, Ipv6 or Both.</summary>
    public async Task ResolveAsync(HttpContext context)
    {
        string? name = context.Request.Query["name"];
        if (await network is not { } stack || name is null || !Enum.TryParse(context.Request.Query["families"].FirstOrDefault() ?? "Both", out DnsFamilies families))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("GET /resolve?name=N&families=Both says which, to a stack of ours.\n");
            return;
        }

        DnsResult result = await stack.ResolveAsync(name, families, context.RequestAborted);
        await context.Response.WriteAsync($"{result.Status} {result.Name} {string.Join(' ', result.Addresses)}\n");
    }

    private static string Describe(NetworkStack stack)
    {
        InterfaceConfiguration? ipv4 = stack.Configuration;
        string own = ipv4 is null ? "none" : $"{ipv4.Network} gateway {ipv4.Gateway?.ToString() ?? "none"} domain {ipv4.Domain ?? "none"}";
        IEnumerable<string> ipv6 = stack.Addresses.Ipv6.Where(static address => !address.Address.IsLinkLocal)
            .Select(static address => $"{address.Address}/{address.PrefixLength}{(address.IsDeprecated ? " deprecated" : string.Empty)}").Order(StringComparer.Ordinal);
        return $"ipv4 {own}; ipv6 {List(ipv6)}; servers {List(stack.NameServers.Servers.Select(static server => server.ToString()))}; search {List(stack.NameServers.SearchDomains)}";
    }

    private static string List(IEnumerable<string> items) => string.Join(", ", items) is { Length: > 0 } list ? list : "none";
}
