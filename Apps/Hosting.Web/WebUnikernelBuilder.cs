using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Troupe.Apps.Hosting.Web;

/// <summary>Collects what a web application needs before it starts.</summary>
public sealed class WebUnikernelBuilder
{
    private readonly UnikernelBuilder _unikernel;
    private readonly StackTransport _transport = new();

    internal WebUnikernelBuilder(UnikernelBuilder unikernel)
    {
        _unikernel = unikernel;
        Web = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Settings files would be watched for changes, and a guest has neither files nor watches.
            Args = [.. unikernel.Arguments, "--hostBuilder:reloadConfigOnChange=false"],
            ContentRootPath = ContentRoot,
            // Unnamed, the names of all linked assemblies would be read to find it.
            ApplicationName = "troupe",
            EnvironmentName = "Production",
        });
        ClosedServices.AddTo(Web.Services);
        // An application that wants logging adds a provider; none is started by default, because the first request waits for it.
        Web.Logging.ClearProviders();
    }

    /// <summary>ASP.NET Core's own builder, for services, logging and Kestrel's limits.</summary>
    public WebApplicationBuilder Web { get; }

    /// <summary>The services of the application.</summary>
    public IServiceCollection Services => Web.Services;

    /// <summary>The network.</summary>
    public NetworkOptions Network => _unikernel.Network;

    private static string ContentRoot => Machine.IsImage ? "/" : AppContext.BaseDirectory;

    /// <summary>Serves HTTP on a port of every address.</summary>
    public WebUnikernelBuilder Listen(int port)
    {
        Web.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(port));
        return this;
    }

    /// <summary>Starts the workers; actors can be spawned from now on. Devices, network and server start with the program.</summary>
    public WebUnikernel Build()
    {
        // In an image there is no other transport, and none is linked. Hosted, the host's sockets serve unless a device is given.
        if (Machine.IsImage || Network.HasDevice)
            Web.Services.AddSingleton<IConnectionListenerFactory>(_transport);
        UnikernelApplication unikernel = _unikernel.Build();
        _transport.Attach(unikernel);
        if (Machine.IsImage)
        {
            // Drivers and DHCP take their time while the server is put together; whoever awaits the start sees a failure.
            _ = unikernel.StartAsync();
        }

        return new(unikernel, Web.Build());
    }
}
