import './styles/base.css';
import './styles/lobby.css';
import './styles/call.css';
import './styles/panel.css';
import { App } from './app';

const root = document.getElementById('app');
if (root) void new App(root).start();
