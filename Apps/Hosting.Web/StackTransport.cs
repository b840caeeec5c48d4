using System.Net;
using Microsoft.AspNetCore.Connections;
using Troupe.Net.Kestrel;

namespace Troupe.Apps.Hosting.Web;

/// <summary>Kestrel's transport on a stack that starts while the server is being built.</summary>
internal sealed class StackTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private UnikernelApplication? _application;

    /// <summary>Whether requests run as turns on their connection's worker, instead of on the thread pool.</summary>
    public bool RunsOnWorkers { get; set; } = true;

    public void Attach(UnikernelApplication application) => _application = application;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        NetworkStack? stack = await _application!.StartAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (stack is null)
            throw new MachineException("This machine has no network device, so nothing can listen.");
        return await new TcpTransportFactory(stack.Tcp, new() { RunsInTurns = RunsOnWorkers, MayBlock = true }).BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
    }
}
