using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Apps.Hosting.Web;

/// <summary>A web application on its machine; map its end points as on ASP.NET Core's own.</summary>
public sealed class WebUnikernel : IEndpointRouteBuilder, IAsyncDisposable
{
    // Longer than DHCP takes on a busy link (RFC 2131 4.1: the second question after 4 s, the third after 8 more).
    private static readonly TimeSpan SilentWait = TimeSpan.FromSeconds(10);

    private readonly UnikernelApplication _unikernel;

    internal WebUnikernel(UnikernelApplication unikernel, WebApplication web)
    {
        _unikernel = unikernel;
        Web = web;
    }

    /// <summary>ASP.NET Core's own application, for middleware.</summary>
    public WebApplication Web { get; }

    /// <summary>The program's actors.</summary>
    public ActorSystem Actors => _unikernel.Actors;

    /// <summary>The program's network once it has started, which this does not wait for an address; null where the host's is used.</summary>
    public Task<NetworkStack?> Network => _unikernel.StartAsync();

    /// <inheritdoc cref="UnikernelApplication.GetBlockDevicesAsync"/>
    public Task<ImmutableArray<ActorRef<BlockDeviceMessage>>> GetBlockDevicesAsync() => _unikernel.GetBlockDevicesAsync();

    /// <inheritdoc/>
    IServiceProvider IEndpointRouteBuilder.ServiceProvider => Web.Services;

    /// <inheritdoc/>
    ICollection<EndpointDataSource> IEndpointRouteBuilder.DataSources => ((IEndpointRouteBuilder)Web).DataSources;

    /// <inheritdoc/>
    IApplicationBuilder IEndpointRouteBuilder.CreateApplicationBuilder() => ((IEndpointRouteBuilder)Web).CreateApplicationBuilder();

    /// <summary>Starts devices, network and server. Answers with the stack, or null where the host's network is used.</summary>
    public async Task<NetworkStack?> StartAsync(CancellationToken cancellationToken = default)
    {
        // Devices start while the server does.
        Task<NetworkStack?> starting = _unikernel.StartAsync();
        await Web.StartAsync(cancellationToken).ConfigureAwait(false);
        return await starting.ConfigureAwait(false);
    }

    /// <summary>Starts, says where it listens, and runs until the process is told to end.</summary>
    public async Task RunAsync()
    {
        try
        {
            NetworkStack? stack = await StartAsync().ConfigureAwait(false);
            using CancellationTokenSource end = new();
            Task announcing = stack is null ? SayAsync(Listening().OnHost()) : AnnounceAsync(stack, Listening(), end.Token);
            await Web.WaitForShutdownAsync().ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            await announcing.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is MachineException or IOException)
        {
            // A port in use, a machine without a network: the message is all a user needs.
            await Console.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
            Environment.ExitCode = 1;
        }

        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Stops the server, then all actors.</summary>
    public async ValueTask DisposeAsync()
    {
        await Web.DisposeAsync().ConfigureAwait(false);
        await _unikernel.DisposeAsync().ConfigureAwait(false);
    }

    private ListeningAddresses Listening() => new([.. Web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []]);

    // As long as the program runs: another interface may get its address later, or this one another.
    private static async Task AnnounceAsync(NetworkStack stack, ListeningAddresses listening, CancellationToken end)
    {
        Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Look() => changes.Writer.TryWrite(true);
        stack.AddressesChanged += Look;
        try
        {
            await AnnounceFirstAsync(stack, listening, end).ConfigureAwait(false);
            while (true)
            {
                await SayAsync(listening.Take(stack.Internet)).ConfigureAwait(false);
                await changes.Reader.ReadAsync(end).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            stack.AddressesChanged -= Look;
        }
    }

    // A guest that waits for an address looks like one that hangs, so it says what it waits for, as long as it does.
    private static async Task AnnounceFirstAsync(NetworkStack stack, ListeningAddresses listening, CancellationToken end)
    {
        while (true)
        {
            try
            {
                await stack.Configured.WaitAsync(SilentWait, end).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException)
            {
                await SayAsync(listening.Take(stack.Internet)).ConfigureAwait(false);
                LayerCounters dhcp = stack["DHCP"];
                await Console.Error.WriteLineAsync(
                    $"waiting for an address: asked DHCP {dhcp.Sent} times, {dhcp.Received} answers; ip=A.B.C.D/LENGTH gateway=A.B.C.D on the command line gives one by hand").ConfigureAwait(false);
            }
        }
    }

    private static async Task SayAsync(IEnumerable<string> addresses)
    {
        foreach (string address in addresses)
            await Console.Out.WriteLineAsync($"listening on {address}").ConfigureAwait(false);
    }
}
