using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Troupe.Net.Kestrel;

namespace Troupe.Apps.Hosting.Web;

/// <summary>Collects what a web application needs before it starts.</summary>
public sealed class WebUnikernelBuilder
{
    private readonly UnikernelBuilder _unikernel;
    private readonly StackTransport _transport = new();
    private readonly List<int> _ports = [];
    private readonly List<Action<WebApplicationBuilder>> _secure = [];
    private WebApplicationBuilder? _web;

    internal WebUnikernelBuilder(UnikernelBuilder unikernel) => _unikernel = unikernel;

    /// <summary>ASP.NET Core's own builder, for services, logging and Kestrel's limits.</summary>
    /// <remarks>Created when it is first asked for, by <see cref="Build"/> at the latest: until then the processors have better things to do.</remarks>
    public WebApplicationBuilder Web => _web ??= CreateWeb();

    /// <summary>The services of the application.</summary>
    public IServiceCollection Services => Web.Services;

    /// <summary>The network.</summary>
    public NetworkOptions Network => _unikernel.Network;

    /// <summary>The files of a disk.</summary>
    public FilesOptions Files => _unikernel.Files;

    private static string ContentRoot => Machine.IsImage ? "/" : AppContext.BaseDirectory;

    /// <summary>Serves HTTP on a port of every address.</summary>
    public WebUnikernelBuilder Listen(int port)
    {
        _ports.Add(port);
        return this;
    }

    /// <summary>Serves HTTPS on a port of every address, in HTTP/1.1 and HTTP/2 as the client asks. An image needs TroupeOpenSsl for it (docs/clients.md).</summary>
    /// <param name="port">The port.</param>
    /// <param name="certificate">The server's certificate with its private key; it stays the caller's, who keeps it while the server runs.</param>
    public WebUnikernelBuilder ListenHttps(int port, X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey)
            throw new ArgumentException("A server's certificate needs its private key: X509Certificate2.CreateFromPem takes both.", nameof(certificate));
        // Named here alone: an application without HTTPS links none of it.
        _secure.Add(web =>
        {
            web.WebHost.UseKestrelHttpsConfiguration();
            web.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(port, listen => listen.UseHttps(certificate)));
        });
        return this;
    }

    /// <summary>
    /// Runs requests on the thread pool instead of as turns on the actors' workers. On workers no thread is woken between a segment and its answer, and a handler that blocks costs a worker's
    /// quantum, until its thread is detached; where most requests block for long, the pool spares that. Without effect on the host's own sockets.
    /// </summary>
    public WebUnikernelBuilder RunRequestsOnThreadPool()
    {
        _transport.RunsOnWorkers = false;
        return this;
    }

    /// <summary>Starts the workers; actors can be spawned from now on. Devices, network and server start with the program.</summary>
    public WebUnikernel Build()
    {
        UnikernelApplication unikernel = _unikernel.Build();
        _transport.Attach(unikernel);
        if (Machine.IsImage)
        {
            // Drivers and DHCP take their time while the server is put together; whoever awaits the start sees a failure.
            _ = unikernel.StartAsync();
            ImageServices.Fit(Web.Services, Web.Configuration);
        }

        // In an image there is no other transport, and none is linked. Hosted, the host's sockets serve unless a device is given.
        if (Machine.IsImage || Network.HasDevice)
            Web.Services.Replace(ServiceDescriptor.Singleton<IConnectionListenerFactory>(_transport));
        Web.WebHost.ConfigureKestrel(kestrel => _ports.ForEach(kestrel.ListenAnyIP));
        _secure.ForEach(listen => listen(Web));
        return new(unikernel, Web.Build());
    }

    private WebApplicationBuilder CreateWeb()
    {
        WebApplicationBuilder web = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Settings files would be watched for changes, and a guest has neither files nor watches.
            Args = [.. _unikernel.Arguments, "--hostBuilder:reloadConfigOnChange=false"],
            ContentRootPath = ContentRoot,
            // Unnamed, the names of all linked assemblies would be read to find it.
            ApplicationName = "troupe",
            EnvironmentName = "Production",
        });
        ClosedServices.AddTo(web.Services);
        web.WebHost.ConfigureKestrel(static kestrel => kestrel.ConfigureEndpointDefaults(static listen => listen.UseTurns()));
        // An application that wants logging adds a provider; none is started by default, because the first request waits for it.
        web.Logging.ClearProviders();
        return web;
    }
}
